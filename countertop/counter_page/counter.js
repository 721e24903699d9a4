// Shows the simulated counter and does what a person standing at it would do.
const at = (id) => document.getElementById(id);
let shown = -1;

function show(state) {
  at("register").textContent = state.register;
  at("display").textContent = state.display.join("\n");
  at("drawer").textContent = state.drawer_open ? "open" : "closed";
  at("kicks").textContent = state.kicks;
  at("paper").textContent = state.paper;
  at("cover").textContent = state.cover_open ? "open" : "closed";
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
  });
  if (answer.ok) show(await answer.json());
}

at("scan").addEventListener("submit", (event) => {
  event.preventDefault();
  act({ do: "scan", code: at("code").value });
  at("code").select();
});
for (const button of document.querySelectorAll("[data-do]")) {
  button.addEventListener("click", () => act({ do: button.dataset.do }));
}

async function follow() {
  try {
    show(await (await fetch("state.json")).json());
  } finally {
    setTimeout(follow, 500);
  }
}
follow();
