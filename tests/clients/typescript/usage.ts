// What the types of the client allow, and what they refuse. test_package.py compiles it; it is never run.

import { Client, type EventReport, KizunaError, type RecommendedItem } from "kizuna-client";

export async function use(kizuna: Client): Promise<void> {
  const answer = await kizuna.recommend({ customer_id: "ada", k: 3, where: { category: ["tea"] } });
  const items: RecommendedItem[] = answer.items;
  const title: unknown = items[0]?.item["title"];
  void title;

  const view: EventReport = { type: "view", customer_id: "ada", item_id: "pot" };
  const stored: number = (await kizuna.reportEvents([view])).stored;
  void stored;

  for await (const score of kizuna.scoreAll(["ada"], { horizon_days: 30 })) {
    if (score.status === "scored") score.churn_probability.toFixed(2);
    // @ts-expect-error: a customer without consent has no probability
    score.churn_probability.toFixed(2);
  }

  const page = await kizuna.send("segment_customers", { path: { name: "often" }, query: { limit: 10 } });
  const total: number = page.total;
  void total;
  await kizuna.send("task_change", { path: { task_id: "0123456789abcdef" }, body: { state: "done" } });

  // @ts-expect-error: a misspelt field
  await kizuna.recommend({ customer: "ada" });
  // @ts-expect-error: a view has an item
  await kizuna.reportEvents([{ type: "view", customer_id: "ada" }]);
  // @ts-expect-error: there is no such type of event
  await kizuna.reportEvents([{ type: "dance", customer_id: "ada", item_id: "pot" }]);
  // @ts-expect-error: the path needs a name
  await kizuna.send("segment_customers", {});
  // @ts-expect-error: there is no such state
  await kizuna.send("task_change", { path: { task_id: "0123456789abcdef" }, body: { state: "gone" } });
}

export function describe(error: unknown): string {
  return error instanceof KizunaError ? `${error.status ?? "no answer"} ${error.problem}` : "another error";
}
