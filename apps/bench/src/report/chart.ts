import type { Figure } from './figures.ts';
import { METRICS, OURS } from './names.ts';

const WIDTH = 760;
const LABEL_WIDTH = 230;
const BAR_HEIGHT = 18;
const GAP = 6;
const VALUE_WIDTH = 90;

function escape(text: string): string {
  return text.replace(/[<>&"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

interface Panel {
  readonly title: string;
  readonly bars: readonly { readonly label: string; readonly value: number }[];
}

function createPanels(figures: readonly Figure[]): Panel[] {
  const shown: readonly string[] = [METRICS.rate, METRICS.cpu, METRICS.p99];
  const groups = new Map<string, Figure[]>();
  for (const figure of figures) {
    if (!shown.includes(figure.metric)) continue;
    const title = `${figure.scenario}: ${figure.metric}`;
    groups.set(title, [...(groups.get(title) ?? []), figure]);
  }
  return [...groups].map(([title, group]) => ({
    title,
    bars: group.map(({ contender, median }) => ({ label: contender, value: median })),
  }));
}

/** Renders the medians as a standalone SVG document of bars, one panel for each scenario and metric. */
export function renderChart(title: string, figures: readonly Figure[]): string {
  const lines: string[] = [];
  let y = 30;
  for (const { title: name, bars } of createPanels(figures)) {
    y += 28;
    lines.push(`<text x="10" y="${y}" class="panel">${escape(name)}</text>`);
    y += GAP;
    const longest = Math.max(...bars.map(({ value }) => value).filter(Number.isFinite), 0);
    for (const { label, value } of bars) {
      const full = WIDTH - LABEL_WIDTH - VALUE_WIDTH;
      const width = longest > 0 && Number.isFinite(value) ? (value / longest) * full : 0;
      const middle = y + BAR_HEIGHT - 5;
      const text = Number.isFinite(value)
        ? value.toLocaleString('en-US', { maximumSignificantDigits: 3 })
        : '-';
      lines.push(
        `<text x="${LABEL_WIDTH - 8}" y="${middle}" text-anchor="end">${escape(label)}</text>`,
        `<rect x="${LABEL_WIDTH}" y="${y}" width="${width.toFixed(1)}" height="${BAR_HEIGHT}" class="${label === OURS ? 'ours' : 'other'}"/>`,
        `<text x="${(LABEL_WIDTH + width + 6).toFixed(1)}" y="${middle}">${text}</text>`,
      );
      y += BAR_HEIGHT + GAP;
    }
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${y + 20}" font-family="sans-serif" font-size="13">
<style>.panel{font-weight:bold}.ours{fill:#2563eb}.other{fill:#9ca3af}</style>
<rect width="100%" height="100%" fill="white"/>
<text x="10" y="26" font-size="16">${escape(title)}</text>
${lines.join('\n')}
</svg>
`;
}
