// The page: asks for recommendations, reports what the customer looks at, and shows what that changes.

import { Client, KizunaError } from "./kizuna-client/index.js";

const N_ITEMS = 4;
const session = await (await fetch("session")).json();
const who = session.customerId ? { customer_id: session.customerId } : { anonymous_id: session.anonymousId };
const kizuna = new Client(session.kizuna, {
  key: session.key, // a browser key, which every visitor may read
  customerToken: async () => (await fetch("token")).text(),
  timeout: 3_000,
  retries: { total: 5_000 }, // a page does not wait longer
});
const find = (id) => document.getElementById(id);

/** Show the recommendations, without the item that is open. */
async function showRecommendations(openedId) {
  try {
    const answer = await kizuna.recommend({
      customer_id: session.customerId ?? session.anonymousId,
      k: N_ITEMS,
      exclude: openedId ? [openedId] : [],
    });
    find("recommended").replaceChildren(...answer.items.map((item) => describe(item, answer.recommendation_id)));
    find("status").textContent = answer.items.length ? "" : "Nothing to recommend right now.";
    await reportShown(answer);
  } catch (error) {
    excuse(error);
  }
}

function describe(item, recommendationId) {
  const button = document.createElement("button");
  const reason = document.createElement("small");
  reason.textContent = item.explanation.en;
  button.append(titleOf(item), reason); // as text: titles are data, never HTML
  button.addEventListener("click", () => open(item, recommendationId));
  const entry = document.createElement("li");
  entry.dataset.itemId = item.item_id;
  entry.append(button);
  return entry;
}

/** Open an item. The view is stored before its answer comes, so that the next recommendations know of it. */
async function open(item, recommendationId) {
  find("opened").textContent = titleOf(item);
  try {
    await kizuna.reportEvents([
      { type: "view", ...who, item_id: item.item_id, recommendation_id: recommendationId, channel: "web" },
    ]);
  } catch (error) {
    excuse(error);
  }
  await showRecommendations(item.item_id);
}

/** Report which items were shown, so that clicks can be compared with them. */
function reportShown({ items, recommendation_id }) {
  return kizuna.reportEvents(
    items.map((item, place) => ({
      type: "exposure", ...who, item_id: item.item_id, recommendation_id, position: place + 1, channel: "web",
    })),
  );
}

/** The shop goes on without recommendations. */
function excuse(error) {
  if (!(error instanceof KizunaError)) throw error;
  console.warn(error.message);
  find("status").textContent = "Recommendations are not available right now.";
}

function titleOf(item) {
  return String(item.item.title ?? item.item_id);
}

find("who").textContent = session.customerId ? `logged in as ${session.customerId}` : "not logged in";
await showRecommendations();
