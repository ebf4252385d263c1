// IndexedDB in three verbs: the outbox in order, and a few named values.

const NAME = "dispatcher-phone";

function ask(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Open the phone's own store; one a person, so that a shared phone mixes nothing up. */
export async function openKeep(person) {
  const opening = indexedDB.open(`${NAME}-${person}`, 1);
  opening.onupgradeneeded = () => {
    opening.result.createObjectStore("outbox", { keyPath: "seq", autoIncrement: true });
    opening.result.createObjectStore("values");
  };
  const db = await ask(opening);
  const store = (name, mode) => db.transaction(name, mode, { durability: "strict" }).objectStore(name);
  return {
    outbox: {
      all: () => ask(store("outbox", "readonly").getAll()),
      add: (item) => ask(store("outbox", "readwrite").add(item)),
      remove: (seq) => ask(store("outbox", "readwrite").delete(seq)),
    },
    get: (key) => ask(store("values", "readonly").get(key)),
    set: (key, value) => ask(store("values", "readwrite").put(value, key)),
    drop: (key) => ask(store("values", "readwrite").delete(key)),
  };
}

// who was signed in last, so that the page opens without a network too
export const lastPerson = {
  read: () => {
    try {
      return JSON.parse(localStorage.getItem(NAME)) ?? null;
    } catch {
      return null;
    }
  },
  write: (me) => localStorage.setItem(NAME, JSON.stringify(me)),
  forget: () => localStorage.removeItem(NAME),
};
