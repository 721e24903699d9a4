// Shows the simulated counter and does what a person standing at it would do.
const at = (id) => document.getElementById(id);
let shown = -1;

// Nothing that stands already is written again: a screen reader would read it again.
function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function showTerminal(terminal) {
  write(at("terminal"), terminal.shown.join("\n"));
  const possible = new Set([...terminal.keys, ...terminal.troubles]);
  for (const button of document.querySelectorAll("[data-key]")) {
    button.disabled = !possible.has(button.dataset.key);
  }
  const lines = terminal.transactions.map(
    (one) => `${one.receipt}: ${one.kind} ${one.amount}, ${one.ended}`,
  );
  if (at("transactions").dataset.shown === String(lines)) return;
  at("transactions").dataset.shown = String(lines);
  at("transactions").replaceChildren(
    ...lines.map((line) => {
      const item = document.createElement("li");
      item.textContent = line;
      return item;
    }),
  );
}

function showSetup(lines) {
  if (at("setup").dataset.shown === String(lines)) return;
  at("setup").dataset.shown = String(lines);
  at("setup").replaceChildren(
    ...lines.flatMap(([words, line]) => {
      const term = document.createElement("dt");
      const told = document.createElement("dd");
      const code = document.createElement("code");
      term.textContent = words;
      code.textContent = line;
      told.append(code);
      return [term, told];
    }),
  );
}

const PHONE = [
  ["link_pay", "Pay"],
  ["link_pay_unheard", "Pay, and lose the call"],
  ["link_refuse", "Have the bank say no"],
];

function showLinks(state) {
  write(at("taken"), String(state.taken_by_link_minor));
  at("no-links").hidden = state.links.length > 0;
  const shown = JSON.stringify(state.links);
  if (at("links").dataset.shown === shown) return;
  at("links").dataset.shown = shown;
  at("links").replaceChildren(
    ...state.links.map((link) => {
      const item = document.createElement("li");
      const words = document.createElement("p");
      words.textContent = link.amount;
      const row = document.createElement("div");
      row.className = "row wrap";
      for (const [what, text] of PHONE) {
        const button = document.createElement("button");
        button.textContent = text;
        button.addEventListener("click", () => act({ do: what, reference: link.reference }));
        row.append(button);
      }
      item.append(words, row);
      return item;
    }),
  );
}

function show(state) {
  at("register").textContent = state.register;
  at("display").textContent = state.display.join("\n");
  at("drawer").textContent = state.drawer_open ? "open" : "closed";
  at("kicks").textContent = state.kicks;
  at("paper").textContent = state.paper;
  at("cover").textContent = state.cover_open ? "open" : "closed";
  showTerminal(state.terminal);
  showSetup(state.terminal_setup);
  showLinks(state);
  const newest = state.receipts.length ? state.receipts[0].number : 0;
  if (newest === shown) return;
  shown = newest;
  if (!state.receipts.length) return;
  at("receipts").replaceChildren(
    ...state.receipts.map((receipt) => {
      const picture = document.createElement("img");
      picture.src = `receipt/${receipt.number}.png`;
      picture.alt = receipt.text;
      return picture;
    }),
  );
}

async function act(body) {
  const answer = await fetch("do", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  }).catch(() => null);
  at("gone").hidden = answer !== null;
  // 409: the terminal did not wait for that key; what it waits for comes with it.
  if (answer?.ok || answer?.status === 409) show(await answer.json());
}

at("scan").addEventListener("submit", (event) => {
  event.preventDefault();
  act({ do: "scan", code: at("code").value });
  at("code").select();
});
for (const button of document.querySelectorAll("[data-do]")) {
  button.addEventListener("click", () => act({ do: button.dataset.do }));
}
at("tip").addEventListener("submit", (event) => {
  event.preventDefault();
  act({ do: "terminal", key: "tip", amount_minor: Number(at("tip-amount").value) });
  at("tip-amount").value = "";
});
for (const button of document.querySelectorAll("[data-key]:not([type])")) {
  button.addEventListener("click", () => act({ do: "terminal", key: button.dataset.key }));
}

async function follow() {
  const answer = await fetch("state.json").catch(() => null);
  at("gone").hidden = answer !== null;
  try {
    if (answer) show(await answer.json());
  } finally {
    setTimeout(follow, 500);
  }
}
follow();
