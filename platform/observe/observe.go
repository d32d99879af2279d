// Package observe is how a run watches itself: its memory, children included,
// and a log that people can read. It imports nothing of this module.
package observe
