/** The machine's four charts: drawn by the server, and from then on kept moving, with values under the pointer. */

import { CategoryScale, Chart, Filler, LineController, LineElement, LinearScale, PointElement, Tooltip } from "chart.js";
import { api, type Schemas } from "../api";
import { german } from "../language";
import { parse } from "../page";

Chart.register(CategoryScale, Filler, LineController, LineElement, LinearScale, PointElement, Tooltip);

type Sample = Schemas["MachineSample"];
type Series = { unit: string; top: number | undefined; lines: ((sample: Sample) => number | null)[]; names: string[] };

const MEGA = 1_000_000;
const percent = (part: number | null | undefined, whole: number | null | undefined) => (part == null || !whole ? null : (part * 100) / whole);
const mega = (bytes: number | null | undefined) => (bytes == null ? null : bytes / MEGA);
const word = (en: string, de: string) => (german ? de : en);

const series: Record<string, Series> = {
  cpu: { unit: "%", top: 100, lines: [(s) => s.cpu_percent], names: [""] },
  memory: { unit: "%", top: 100, lines: [(s) => percent(s.memory_used, s.memory_total)], names: [""] },
  disk: {
    unit: "MB/s",
    top: undefined,
    lines: [(s) => mega(s.written_per_second), (s) => mega(s.read_per_second)],
    names: [word("writing", "schreiben"), word("reading", "lesen")],
  },
  space: { unit: "%", top: 100, lines: [(s) => percent(s.space_available, s.space_total)], names: [""] },
};

export function attach(element: HTMLElement): () => void {
  const clock = new Intl.DateTimeFormat(german ? "de" : "en-GB", { timeStyle: "medium" });
  const number = new Intl.NumberFormat(german ? "de" : "en", { maximumFractionDigits: 1 });
  const charts = new Map<string, Chart<"line", (number | null)[], string>>();
  let timer: number | undefined;
  let gone = false;

  const draw = (samples: Sample[]) => {
    const labels = samples.map((sample) => clock.format(new Date(sample.at)));
    for (const [key, { unit, top, lines, names }] of Object.entries(series)) {
      const box = element.querySelector<HTMLElement>(`[data-chart="${key}"] .spark-box`);
      if (box === null) continue;
      let chart = charts.get(key);
      if (chart === undefined) {
        const canvas = document.createElement("canvas");
        const label = box.querySelector("svg")?.getAttribute("aria-label") ?? key;
        canvas.setAttribute("role", "img");
        canvas.setAttribute("aria-label", label);
        box.replaceChildren(canvas);
        const colour = (name: string) => getComputedStyle(box).getPropertyValue(name).trim();
        chart = new Chart(canvas, {
          type: "line",
          data: {
            labels: [],
            datasets: lines.map((_, index) => ({
              label: names[index] ?? "",
              data: [],
              borderColor: colour(index === 0 ? "--active" : "--caution"),
              backgroundColor: colour("--active-soft"),
              borderDash: index === 0 ? [] : [5, 3],
              borderWidth: 1.75,
              pointRadius: 0,
              pointHitRadius: 6,
              fill: index === 0,
            })),
          },
          options: {
            animation: false,
            responsive: true,
            maintainAspectRatio: false,
            interaction: { mode: "index", intersect: false },
            plugins: {
              legend: { display: false },
              tooltip: { callbacks: { label: (item) => `${item.dataset.label ?? ""} ${number.format(item.parsed.y ?? 0)} ${unit}`.trim() } },
            },
            scales: { x: { display: false }, y: { display: false, beginAtZero: true, ...(top === undefined ? {} : { max: top }) } },
          },
        });
        charts.set(key, chart);
      }
      chart.data.labels = labels;
      lines.forEach((line, index) => (chart.data.datasets[index]!.data = samples.map(line)));
      chart.update("none");
    }
  };

  /** The words are the server's. */
  const words = async () => {
    const response = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store" });
    const fresh = response.ok ? parse(await response.text()).getElementById(element.id) : null;
    for (const part of element.querySelectorAll("[data-now], [data-course]")) {
      const key = part.closest("[data-chart]")?.getAttribute("data-chart");
      const name = part.hasAttribute("data-now") ? "data-now" : "data-course";
      const text = fresh?.querySelector(`[data-chart="${key}"] [${name}]`)?.textContent;
      if (text) part.textContent = text;
    }
  };

  const look = async () => {
    if (document.visibilityState === "visible") {
      try {
        const [history] = await Promise.all([api("GET", "/api/v1/system/history", {}), charts.size > 0 ? words() : Promise.resolve()]);
        if (!gone) draw(history.samples);
      } catch {
        // The line about the connection says so.
      }
    }
    if (!gone) timer = window.setTimeout(() => void look(), 6_000);
  };
  void look();
  return () => {
    gone = true;
    window.clearTimeout(timer);
    charts.forEach((chart) => chart.destroy());
  };
}
