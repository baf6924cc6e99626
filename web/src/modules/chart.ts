/**
 * A small chart: `<div class="chart"><canvas data-module="chart" data-points="[[t,v],…]" data-unit="MB/s" role="img"
 * aria-label="…" data-keep></canvas></div>`. `t` is a number (`data-x="time"`: milliseconds since 1970; `data-x-unit` names others),
 * a second line goes into `data-points-2`. It is drawn anew when the attributes change.
 */

import { CategoryScale, Chart, Filler, LineController, LineElement, LinearScale, PointElement, Tooltip } from "chart.js";
import { german } from "../language";

Chart.register(CategoryScale, Filler, LineController, LineElement, LinearScale, PointElement, Tooltip);

type Point = { x: number; y: number };

function points(text: string | undefined): Point[] {
  try {
    const read: unknown = JSON.parse(text ?? "[]");
    if (!Array.isArray(read)) return [];
    return read.filter(Array.isArray).map((pair) => ({ x: Number(pair[0]), y: Number(pair[1]) }));
  } catch {
    return [];
  }
}

export function attach(element: HTMLElement): () => void {
  const canvas = element as HTMLCanvasElement;
  const number = new Intl.NumberFormat(german ? "de" : "en", { maximumFractionDigits: 1 });
  const clock = new Intl.DateTimeFormat(german ? "de" : "en-GB", { timeStyle: "short" });
  const colour = (name: string) => getComputedStyle(canvas).getPropertyValue(name).trim();
  const x = (value: number) =>
    canvas.dataset["x"] === "time" ? clock.format(value) : `${number.format(value)} ${canvas.dataset["xUnit"] ?? ""}`.trim();
  const line = (name: string, key: string, fill: boolean) => ({
    data: points(canvas.dataset[key]),
    borderColor: colour(name),
    backgroundColor: colour(`${name}-soft`),
    borderWidth: 2,
    pointRadius: 0,
    pointHitRadius: 8,
    fill,
    tension: 0.2,
    parsing: false as const,
  });
  const sets = () => [line("--active", "points", true), ...(canvas.dataset["points-2"] ? [line("--caution", "points-2", false)] : [])];
  const chart = new Chart(canvas, {
    type: "line",
    data: { datasets: sets() },
    options: {
      animation: false,
      responsive: true,
      maintainAspectRatio: false,
      interaction: { mode: "index", intersect: false },
      plugins: {
        legend: { display: false },
        tooltip: {
          callbacks: {
            title: (items) => x(items[0]?.parsed.x ?? 0),
            label: (item) => `${number.format(item.parsed.y ?? 0)} ${canvas.dataset["unit"] ?? ""}`.trim(),
          },
        },
      },
      scales: {
        x: { type: "linear", grid: { display: false }, ticks: { color: colour("--quiet"), maxTicksLimit: 4, callback: (value) => x(Number(value)) } },
        y: { beginAtZero: true, grid: { color: colour("--line") }, ticks: { color: colour("--quiet"), maxTicksLimit: 4, callback: (value) => number.format(Number(value)) } },
      },
    },
  });
  const redraw = () => {
    chart.data.datasets = sets();
    chart.update("none");
  };
  const observer = new MutationObserver(redraw);
  observer.observe(canvas, { attributeFilter: ["data-points", "data-points-2"] });
  return () => {
    observer.disconnect();
    chart.destroy();
  };
}
