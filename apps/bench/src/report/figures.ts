import { median } from '../measure/quantiles.ts';

/** A metric of one contender in one scenario, with a value for each round. */
export interface Figure {
  readonly scenario: string;
  /** Name and unit. */
  readonly metric: string;
  readonly contender: string;
  readonly values: readonly number[];
  readonly median: number;
}

/** Collects measured values, round by round. */
export class Figures {
  readonly #values = new Map<
    string,
    { scenario: string; metric: string; contender: string; values: number[] }
  >();

  /** Adds the values of one round. Rounds must be added in order. */
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

  /** Values by round; empty if the metric was not measured. */
  values(scenario: string, contender: string, metric: string): readonly number[] {
    return this.#values.get([scenario, metric, contender].join('\n'))?.values ?? [];
  }
}
