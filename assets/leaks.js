// Looks for a key in everything that this page is and that the browser keeps for it. The key stays in a variable.

const ENCODER = new TextEncoder();

// Where a key is, in every usual spelling: `[{place, spelling}]`, empty where it is nowhere. `asked` are the addresses
// of the page's requests.
export async function search(key, asked) {
  const ways = spellings(key);
  const found = [];
  for (const [place, text] of [["requests", [...asked].join("\n")], ...(await places())]) {
    const low = text.toLowerCase();
    const holds = ([spelling, needles]) => needles.some((each) => (spelling === "base64" ? text : low).includes(each));
    const way = ways.find(holds);
    if (way) found.push({ place, spelling: way[0] });
  }
  return found;
}

function spellings(key) {
  const bytes = [...ENCODER.encode(key)];
  const hex = bytes.map((byte) => byte.toString(16).padStart(2, "0"));
  const inMarkup = key.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  return [
    ["plain", [key.toLowerCase(), inMarkup.toLowerCase()]],
    ["percent-encoded", [encodeURIComponent(key).toLowerCase(), hex.map((each) => `%${each}`).join("")]],
    ["base64", inBase64(bytes)],
    ["hex", [hex.join("")]],
  ];
}

// base64 writes three bytes as four characters: what a key becomes hangs on where it begins.
function inBase64(bytes) {
  const all = [0, 1, 2].map((before) => {
    const written = btoa(String.fromCharCode(...new Array(before).fill(0), ...bytes));
    return written.slice(Math.ceil((before * 4) / 3), Math.floor(((before + bytes.length) * 4) / 3));
  });
  return [...all, ...all.map((each) => each.replaceAll("+", "-").replaceAll("/", "_"))];
}

async function places() {
  const own = [
    ["page", document.documentElement.outerHTML],
    ...fields(document),
    ["address", `${location.href} ${document.referrer} ${window.name}`],
    ["history", told(history.state)],
    ["cookies", document.cookie],
  ];
  const kept = [["localStorage", localStorage], ["sessionStorage", sessionStorage]].flatMap(([name, store]) =>
    Object.entries({ ...store }).map(([entry, value]) => [`${name} ${entry}`, `${entry} ${value}`]),
  );
  return [...own, ...kept, ...(await databases()), ...(await cached())];
}

function fields(root) {
  const inside = [...root.querySelectorAll("*")];
  const typed = inside.filter((each) => "value" in each && typeof each.value === "string" && each.value !== "");
  const shadows = inside.filter((each) => each.shadowRoot);
  return [
    ...typed.map((each) => [`field ${each.id || each.name || each.localName}`, each.value]),
    ...shadows.flatMap(({ localName, shadowRoot }) => [
      [`page, in ${localName}`, shadowRoot.innerHTML],
      ...fields(shadowRoot),
    ]),
  ];
}

async function databases() {
  const found = [];
  for (const { name } of (await indexedDB.databases?.()) ?? []) {
    const database = await answered(indexedDB.open(name));
    const stores = [...database.objectStoreNames];
    found.push([`IndexedDB ${name}`, `${name} ${stores.join(" ")}`]);
    for (const store of stores) {
      const at = database.transaction(store).objectStore(store);
      found.push([`IndexedDB ${name}/${store}`, told([await answered(at.getAllKeys()), await answered(at.getAll())])]);
    }
    database.close();
  }
  return found;
}

function answered(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function cached() {
  const found = [];
  for (const name of "caches" in window ? await caches.keys() : []) {
    const urls = (await (await caches.open(name)).keys()).map((request) => request.url);
    found.push([`cache ${name}`, `${name} ${urls.join(" ")}`]);
  }
  return found;
}

function told(value) {
  try {
    return JSON.stringify(value) ?? "";
  } catch {
    return String(value);
  }
}
