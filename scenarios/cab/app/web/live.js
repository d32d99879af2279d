"use strict";

// A browser has six connections to an app for all its tabs, so a tab that
// nobody sees gives its own back; it is told everything when it is seen again.
let events = null;

function watch() {
  if (events || document.hidden) return;
  events = new EventSource("/events");
  events.onmessage = (e) => take(JSON.parse(e.data));
  events.onerror = () => {
    status("lost", "the app cannot be reached; reconnecting…");
    if (events.readyState !== EventSource.CLOSED) return; // it tries again by itself
    events = null; // it answered with an error
    setTimeout(watch, 2000);
  };
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) {
    events?.close();
    events = null;
  } else {
    watch();
  }
});

watch();
