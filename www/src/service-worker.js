// The page, its engine and its model files, kept for use without a network. Filled in by vite.config.js.
const FILES = __FILES__;
const PREFIX = "tidyrank-page-";
const CACHE = PREFIX + __VERSION__;

self.addEventListener("install", (event) => {
  // Past the HTTP cache: the files of one version belong together.
  const requests = FILES.map((file) => new Request(file, { cache: "reload" }));
  event.waitUntil(
    caches
      .open(CACHE)
      .then((cache) => cache.addAll(requests))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener("activate", (event) => {
  const old = (name) => name.startsWith(PREFIX) && name !== CACHE;
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter(old).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || new URL(request.url).origin !== self.location.origin) return;
  const isFolder = request.mode === "navigate" && new URL(request.url).pathname.endsWith("/");
  const key = isFolder ? "index.html" : request;
  const kept = caches.open(CACHE).then((cache) => cache.match(key, { ignoreSearch: true }));
  event.respondWith(kept.then((response) => response ?? fetch(request)));
});
