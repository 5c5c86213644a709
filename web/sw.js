// Keeps the page for reloading without a network; with one, the newest page comes first.

const NAME = "conda-torch";

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(NAME).then((cache) => cache.add("./")).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.mode !== "navigate" || new URL(request.url).origin !== self.location.origin) return;
  const fresh = fetch(request).then(async (response) => {
    if (response.ok) await (await caches.open(NAME)).put("./", response.clone());
    return response;
  });
  event.respondWith(fresh.catch(() => caches.match("./")));
});
