// The service worker: keeps the files that every page needs and one page for a lost network. Never a page of the
// console and never an answer: customer information is in no cache of a browser. FILES, OFFLINE and KEPT stand above.
"use strict";

self.addEventListener("install", (event) => {
  const files = [...FILES, new Request(OFFLINE, { credentials: "omit", cache: "reload" })];
  event.waitUntil(caches.open(KEPT).then((kept) => kept.addAll(files)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const old = (names) => Promise.all(names.filter((name) => name !== KEPT).map((name) => caches.delete(name)));
  event.waitUntil(caches.keys().then(old).then(() => self.clients.claim()));
});

const file = async (request) => {
  const kept = await caches.open(KEPT);
  const found = await kept.match(request);
  if (found) { return found; }
  const answer = await fetch(request);
  if (answer.ok && answer.type === "basic") { await kept.put(request, answer.clone()); }
  return answer;
};

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const address = new URL(request.url);
  if (request.method !== "GET" || address.origin !== self.location.origin) { return; }
  if (address.pathname.startsWith(STATIC) && !address.search) { event.respondWith(file(request)); return; }
  // A page goes to the network and is handed on as it is; only where there is none, the page that says so.
  if (request.mode === "navigate") { event.respondWith(fetch(request).catch(() => caches.match(OFFLINE))); }
});
