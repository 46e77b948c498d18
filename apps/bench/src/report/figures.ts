import { median } from '../measure/quantiles.ts';

/** One figure of one contender: a value for each round. */
export interface Figure {
  readonly scenario: string;
  /** With its unit. */
  readonly metric: string;
  readonly contender: string;
  readonly values: readonly number[];
  readonly median: number;
}

/** Gathers what was measured, round by round. */
export class Figures {
  readonly #values = new Map<
    string,
    { scenario: string; metric: string; contender: string; values: number[] }
  >();

  /** Values of one figure must be added in the order of the rounds. */
  add(scenario: string, contender: string, metrics: Readonly<Record<string, number>>): void {
    for (const [metric, value] of Object.entries(metrics)) {
      const key = [scenario, metric, contender].join('\n');
      const figure = this.#values.get(key) ?? { scenario, metric, contender, values: [] };
      this.#values.set(key, figure);
      figure.values.push(value);
    }
  }

  get all(): Figure[] {
    return [...this.#values.values()].map((figure) => ({ ...figure, median: median(figure.values) }));
  }

  /** The values by round; empty when it was not measured. */
  values(scenario: string, contender: string, metric: string): readonly number[] {
    return this.#values.get([scenario, metric, contender].join('\n'))?.values ?? [];
  }
}
