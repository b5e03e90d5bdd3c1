"use strict";
// Reads the metrics of this process every few seconds and shows what they say. Names come from clients: they are text, never markup.
const EVERY = 5000, KEPT = 61, SHOWN = 50;
// What figures are compared with is kept whole once a minute; of every look there are the requests of each version.
const WHOLE_EVERY = 12, WHOLES = 5;
const $ = (id) => document.getElementById(id);
const looks = [], wholes = [];
let latest = null, looked = 0, paused = false, timer;

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

function parse(text) {
  const metrics = new Map();
  const line = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? ([^ ]+)(?: \d+)?$/;
  for (const row of text.split("\n")) {
    const found = row[0] === "#" ? null : line.exec(row);
    if (!found) continue;
    const labels = {};
    for (const [, name, value] of (found[2] || "").matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g))
      labels[name] = value.replace(/\\(.)/g, (_, escaped) => (escaped === "n" ? "\n" : escaped));
    const number = found[3] === "+Inf" ? Infinity : found[3] === "-Inf" ? -Infinity : Number(found[3]);
    if (!metrics.has(found[1])) metrics.set(found[1], []);
    metrics.get(found[1]).push({ labels, value: number });
  }
  return metrics;
}

// Sums by a key: what a snapshot says of each version.
function digest(metrics) {
  const versions = new Map(), models = new Map();
  const model = (name) => {
    if (!models.has(name)) models.set(name, { features: new Map(), queue: null });
    return models.get(name);
  };
  const version = (labels) => {
    const key = JSON.stringify([labels.model_name, labels.model_version]);
    if (!versions.has(key))
      versions.set(key, { key, name: labels.model_name, version: labels.model_version, statuses: {}, latency: new Map(), scores: new Map(), scoreSum: 0, flight: 0, live: false, since: null });
    model(labels.model_name);
    return versions.get(key);
  };
  const each = (name, act) => (metrics.get(name) || []).forEach(({ labels, value }) => labels.model_name !== undefined && act(labels, value));
  const add = (map, key, value) => map.set(key, (map.get(key) || 0) + value);
  each("ml_model_info", (labels, value) => { version(labels).live = value === 1; });
  each("ml_model_registered_timestamp_seconds", (labels, value) => { version(labels).since = value; });
  each("ml_inference_requests_total", (labels, value) => {
    const { statuses } = version(labels);
    statuses[labels.status] = (statuses[labels.status] || 0) + value;
  });
  each("ml_inference_latency_seconds_bucket", (labels, value) => add(version(labels).latency, Number(labels.le.replace("+Inf", "Infinity")), value));
  each("ml_prediction_score_bucket", (labels, value) => add(version(labels).scores, Number(labels.le.replace("+Inf", "Infinity")), value));
  each("ml_prediction_score_sum", (labels, value) => { version(labels).scoreSum += value; });
  each("ml_inference_in_flight", (labels, value) => { version(labels).flight += value; });
  each("ml_inference_queue_depth", (labels, value) => { model(labels.model_name).queue = value; });
  const feature = (labels) => {
    const { features } = model(labels.model_name);
    if (!features.has(labels.feature_name)) features.set(labels.feature_name, { ratio: null, observations: 0, missing: 0, outside: 0, defaulted: 0 });
    return features.get(labels.feature_name);
  };
  each("ml_feature_missing_ratio", (labels, value) => { feature(labels).ratio = value; });
  each("ml_feature_observations_total", (labels, value) => { feature(labels).observations += value; });
  each("ml_feature_missing_total", (labels, value) => { feature(labels).missing += value; });
  each("ml_feature_out_of_range_total", (labels, value) => { feature(labels).outside += value; });
  each("ml_feature_defaulted_total", (labels, value) => { feature(labels).defaulted += value; });
  const info = (metrics.get("ml_service_info") || [])[0];
  const folded = (metrics.get("ml_label_overflow_total") || []).reduce((sum, { value }) => sum + value, 0);
  return { time: Date.now(), versions, models, info: info && info.labels, folded };
}

const total = (statuses) => Object.values(statuses || {}).reduce((sum, value) => sum + value, 0);
// A counter that is smaller than before began anew.
const grown = (now, before) => (before === undefined || now < before ? now : now - before);

function buckets(now, before) {
  const bounds = [...now.keys()].sort((a, b) => a - b);
  const cumulative = bounds.map((bound) => grown(now.get(bound), before && before.get(bound)));
  return { bounds, counts: cumulative.map((count, index) => Math.max(0, count - (index ? cumulative[index - 1] : 0))) };
}

// As Prometheus' histogram_quantile: linear within a bucket.
function quantile({ bounds, counts }, q) {
  const all = counts.reduce((sum, count) => sum + count, 0);
  if (!all) return null;
  let left = q * all;
  for (let index = 0; index < counts.length; index++) {
    if (left <= counts[index] && counts[index] > 0) {
      const low = index ? bounds[index - 1] : Math.min(0, bounds[0]);
      return bounds[index] === Infinity ? low : low + ((bounds[index] - low) * left) / counts[index];
    }
    left -= counts[index];
  }
  return bounds[bounds.length - 2] ?? null;
}

const digits = (number) => (number === null ? "–" : number.toLocaleString("en", { maximumSignificantDigits: 3 }));
const share = (part, whole) => (whole > 0 ? digits((100 * part) / whole) + " %" : "–");
const seconds = (time) => (time === null ? "–" : time < 1 ? digits(time * 1000) + " ms" : digits(time) + " s");

function plot(values, label, bars) {
  const width = 120, height = 28, top = Math.max(...values, 1e-12);
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  for (const [name, value] of Object.entries({ width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label })) svg.setAttribute(name, value);
  const y = (value) => height - 1 - (value / top) * (height - 3);
  if (bars) {
    values.forEach((value, index) => {
      const bar = document.createElementNS(svg.namespaceURI, "rect");
      const wide = width / values.length;
      for (const [name, at] of Object.entries({ x: index * wide, y: y(value), width: Math.max(1, wide - 1), height: height - y(value), stroke: "none" })) bar.setAttribute(name, at);
      svg.append(bar);
    });
  } else {
    const line = document.createElementNS(svg.namespaceURI, "polyline");
    const step = width / Math.max(1, values.length - 1);
    line.setAttribute("points", values.map((value, index) => `${(index * step).toFixed(1)},${y(value).toFixed(1)}`).join(" "));
    line.setAttribute("fill", "none");
    line.setAttribute("stroke-width", "1.5");
    svg.append(line);
  }
  return svg;
}

function cell(label, ...content) {
  return element("td", { "data-label": label, role: "cell" }, ...content);
}

function versionRow(version, first, rates) {
  let before = first ? first.versions.get(version.key) : undefined;
  const span = first ? (latest.time - first.time) / 1000 : 0;
  const now = total(version.statuses), then = before ? total(before.statuses) : 0;
  const within = grown(now, then);
  // A version that nothing has asked for lately shows its whole life, and so does one that began anew.
  const quiet = first !== null && within === 0;
  if (quiet || now < then) before = undefined;
  const statuses = Object.fromEntries(Object.entries(version.statuses).map(([status, count]) => [status, grown(count, before && (before.statuses[status] || 0))]));
  const ended = total(statuses), errors = statuses.error || 0;
  const latency = buckets(version.latency, before && before.latency), scores = buckets(version.scores, before && before.scores);
  const rate = cell("requests/s", span ? digits(within / span) : digits(within) + " in all");
  if (rates.length > 1) rate.append(plot(rates, `requests a second of version ${version.version}, over time`));
  const failed = cell("errors", share(errors, ended));
  if (errors > 0) failed.classList.add("bad");
  const scored = scores.counts.reduce((sum, count) => sum + count, 0);
  // A sum of scores may shrink.
  const mean = scored ? (version.scoreSum - (before ? before.scoreSum : 0)) / scored : null;
  const predicted = cell("scores", scored ? `mean ${digits(mean)}` : "–");
  if (scored) predicted.append(plot(scores.counts, `scores of version ${version.version}: ${scores.counts.map((count, index) => `${count} up to ${scores.bounds[index]}`).join(", ")}`, true));
  const head = element("th", { scope: "row", role: "rowheader" }, version.version);
  if (!version.live) head.append(" ", element("span", { class: "soft" }, "retired"));
  return element("tr", { role: "row", class: quiet ? "soft" : "" }, head, rate, failed, cell("clients' errors", share(statuses.client_error || 0, ended)),
    cell("p50", seconds(quantile(latency, 0.5))), cell("p95", seconds(quantile(latency, 0.95))), cell("p99", seconds(quantile(latency, 0.99))),
    cell("in flight", digits(version.flight)), predicted);
}

function featureRow(name, feature, before) {
  if (before && before.observations === feature.observations) before = undefined;
  const count = (of) => grown(feature[of], before && before[of]);
  const missing = count("missing"), outside = count("outside"), observations = count("observations");
  const lacking = cell("missing", observations ? share(missing, observations) : feature.ratio === null ? "–" : digits(100 * feature.ratio) + " %");
  const beyond = cell("out of range", digits(outside));
  lacking.classList.toggle("bad", missing > 0);
  beyond.classList.toggle("bad", outside > 0);
  return element("tr", { role: "row" }, element("th", { scope: "row", role: "rowheader" }, name),
    lacking, cell("defaulted", digits(count("defaulted"))), beyond, cell("observations", digits(observations)));
}

function table(caption, heads) {
  const body = element("tbody", { role: "rowgroup" });
  const head = element("tr", { role: "row" }, ...heads.map((text) => element("th", { scope: "col", role: "columnheader" }, text)));
  return { body, table: element("table", { role: "table" }, element("caption", {}, caption), element("thead", { role: "rowgroup" }, head), body) };
}

const sections = new Map();

function section(name) {
  if (!sections.has(name)) {
    const versions = table("Versions", ["version", "requests/s", "errors", "clients' errors", "p50", "p95", "p99", "in flight", "scores"]);
    const features = table("Features", ["feature", "missing", "defaulted", "out of range", "observations"]);
    const more = element("details", {}, element("summary", {}, "Features"), features.table);
    const queue = element("p", { class: "soft" });
    const whole = element("section", { "aria-label": `model ${name}` }, element("h2", {}, name), queue, versions.table, more);
    sections.set(name, { whole, queue, versions: versions.body, features: features.body, more });
  }
  return sections.get(name);
}

function rates(key) {
  const points = [];
  for (let index = 1; index < looks.length; index++) {
    const [before, now] = [looks[index - 1], looks[index]];
    const ended = grown(now.requests.get(key) || 0, before.requests.get(key));
    points.push((1000 * ended) / Math.max(1, now.time - before.time));
  }
  return points;
}

function show() {
  const last = latest;
  if (!last) return;
  const first = wholes[0] === last ? null : wholes[0];
  const wanted = $("filter").value.toLowerCase();
  const names = [...last.models.keys()].filter((name) => name.toLowerCase().includes(wanted)).sort();
  const shown = names.slice(0, SHOWN);
  const ofModel = new Map(names.map((name) => [name, []]));
  for (const version of last.versions.values()) ofModel.get(version.name)?.push(version);
  const kept = shown.map((name) => {
    const part = section(name), model = last.models.get(name);
    const versions = ofModel.get(name).sort((a, b) => (b.since || 0) - (a.since || 0));
    part.versions.replaceChildren(...versions.map((version) => versionRow(version, first, rates(version.key))));
    const before = first && first.models.get(name);
    part.features.replaceChildren(...[...model.features].sort(([a], [b]) => (a < b ? -1 : 1)).map(([feature, counts]) => featureRow(feature, counts, before && before.features.get(feature))));
    part.more.hidden = model.features.size === 0;
    part.queue.textContent = model.queue === null ? "" : `Requests that wait for this model: ${digits(model.queue)}.`;
    return part.whole;
  });
  const main = $("models");
  if (kept.length !== main.children.length || kept.some((whole, index) => main.children[index] !== whole)) main.replaceChildren(...kept);
  for (const name of sections.keys()) if (!last.models.has(name)) sections.delete(name);
  const build = last.info ? [last.info.service_version, last.info.revision].filter((name) => name && name !== "__unknown__").join(" ") : "";
  $("build").textContent = build;
  $("span").textContent = first ? `Figures of the last ${Math.round((last.time - first.time) / 1000)} s. Grey rows had no request in that time and show figures since the process started.` : "Figures since the process started.";
  $("count").textContent = names.length === 0 ? "No model to show." : shown.length < names.length ? `${shown.length} of ${names.length} models are shown. Type a part of a name to see others.` : "";
  $("folded").hidden = last.folded === 0;
  $("folded").textContent = `${digits(last.folded)} names beyond the limits count under __other__.`;
}

async function look() {
  clearTimeout(timer);
  if (!paused && !document.hidden) {
    try {
      const answer = await fetch("?metrics", { headers: { accept: "text/plain;version=0.0.4" }, cache: "no-store" });
      if (!answer.ok) throw new Error(`it answers ${answer.status}`);
      latest = digest(parse(await answer.text()));
      looks.push({ time: latest.time, requests: new Map([...latest.versions].map(([key, version]) => [key, total(version.statuses)])) });
      if (looks.length > KEPT) looks.shift();
      if (looked++ % WHOLE_EVERY === 0) wholes.push(latest);
      if (wholes.length > WHOLES) wholes.shift();
      $("trouble").hidden = true;
      show();
    } catch (error) {
      $("trouble").textContent = `The service does not answer (${error.message}). The figures below are from before.`;
      $("trouble").hidden = false;
    }
  }
  timer = setTimeout(look, EVERY);
}

$("filter").addEventListener("input", show);
$("pause").addEventListener("click", () => {
  paused = !paused;
  $("pause").textContent = paused ? "Resume" : "Pause";
  if (!paused) look();
});
$("choice").addEventListener("submit", (event) => event.preventDefault());
document.addEventListener("visibilitychange", look);
look();
