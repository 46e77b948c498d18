/** One line or one row of bars. */
export interface ChartSeries {
  readonly label: string;
  readonly values: readonly (number | null)[];
  /** What the legend says of each value, where it is not what is drawn: bars that stand on others. */
  readonly legend?: readonly (number | null)[];
  readonly color: 'accent' | 'good' | 'warn' | 'bad' | 'muted';
  readonly kind?: 'line' | 'bars' | 'area';
  readonly dashed?: boolean;
}

export interface ChartProps {
  /** What it shows, in a sentence with the figures that matter: it stands for the picture when it is read aloud. */
  readonly description: string;
  /** Instants in milliseconds, ascending, one for each value. */
  readonly times: readonly number[];
  readonly series: readonly ChartSeries[];
  /** Pixels. */
  readonly height?: number;
  /** Text of a value, at the axis and in the legend. */
  readonly format: (value: number) => string;
  /** How the marks of the axis are written, if shorter. */
  readonly formatMark?: (value: number) => string;
  /** Logarithmic, for times between 1 ms and hours. */
  readonly logarithmic?: boolean;
  /** From when the values are estimated; the area is hatched. */
  readonly estimatedFrom?: number | undefined;
  /** Called with the index of the value that was clicked. */
  readonly onSelect?: (index: number) => void;
}
