//go:build race

package ledger

const underRace = true // ten million events take a minute then
