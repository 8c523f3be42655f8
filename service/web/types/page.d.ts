// What the parts of the page say to each other.
import type { english } from "/static/i18n/en.js";
import type { englishOfForms } from "/static/i18n/en-forms.js";

export type Child = Node | string | null | undefined;
/** Of an element: what is null is left out. */
export type Children = (Child | readonly Child[])[];

type Handlers = { [Name in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[Name]) => void };
/** By name: true for an attribute without a value, null or false for none; a function listens for the event of that name. */
export interface Attributes extends Handlers {
  [name: string]: string | number | boolean | null | undefined | ((event: never) => void);
}

/** A key of the dictionaries. */
export type Key = keyof typeof english | keyof typeof englishOfForms;
/** A text, or one for each plural of the number `n`. */
export type Entry = string | { other: string; [plural: string]: string };
export type Dictionary = { [key in Key]: Entry } & { [key: string]: Entry };
/** The values for the places of a text. */
export type Values = { n?: number; [place: string]: string | number | null | undefined };

/** Who follows a live run: the run at first and at each change, its new steps, its end; and how the connection does. */
export interface Listener {
  status: (run: Api.Run) => void;
  progress: (news: Api.Progress) => void;
  finished: (run: Api.Run) => void;
  outcome: (error: unknown) => void;
}

/** What a view gives to the frame. */
export interface View {
  heading: HTMLElement;
  stop: () => void;
}

/** A vertical or horizontal scale: what is plotted for a value, and back as ticks with labels. */
export interface Scale {
  plot: (value: unknown) => number | null;
  range: [low: number, high: number];
  ticks: Ticks;
  label: (plotted: number) => string;
}
export type Ticks = (low: number, high: number, most: number) => number[];

/** A line of a chart: its column, and how it is drawn; a colour is a CSS variable. */
export interface Series {
  name: string;
  words?: string;
  colour: string;
  dash: number[];
  /** The line goes on over what is not known. */
  spanGaps?: boolean;
}

/** What a chart draws, by name: null is a gap, undefined is passed over. */
export type Plotted = { step: number[] } & { [name: string]: (Api.Value | undefined)[] };
export type Row = { [column: string]: unknown };
export interface Mark {
  step: number;
  value: Api.Value;
  colour: string;
}
/** The horizontal axis. */
export type Across = Pick<Scale, "ticks" | "label"> & Partial<Pick<Scale, "range">>;

/** What the reader has chosen or entered, to be found again when a view is drawn anew in another language. */
export interface Kept {
  /** runs: how many pages are open, and which runs are chosen for a comparison */
  pages?: number;
  chosen?: string[];
  /** new-run, trajectory-check */
  source?: Source;
  sample?: string;
  uploaded?: Api.Dataset | null;
  uploadedIn?: string;
  reading?: { [parameter: string]: string };
  /** by the key of the dataset */
  selected?: { [key: string]: Partial<Selection> };
  points?: Point[];
  /** of a function without data: its name (empty for a formula), and the formula */
  function?: string;
  formula?: string;
  choices?: Choices;
  trajectory?: string;
  /** sweep: the JSON pointer of the value that the chart goes over */
  across?: string;
  /** run, compare: the step (undefined: the last one), and whether the scale is logarithmic (undefined: not chosen yet) */
  step?: number;
  log?: boolean;
  /** run: whether the loss is drawn and the step's arithmetic shown, and the panels' choices */
  loss?: boolean;
  arithmetic?: boolean;
  landscape?: LandscapeChoice;
  more?: { open?: boolean; kind?: "theta" | "gradient_norm" | "learning_rate" };
  /** compare: the name of the column that is drawn */
  column?: string;
}

export interface LandscapeChoice {
  open?: boolean;
  in3d?: boolean;
  query: LandscapeQuery;
}
/** What a reader chooses of a landscape, as the API's query has it. */
export interface LandscapeQuery {
  kind?: string;
  x?: string;
  y?: string;
  resolution?: string | number;
  to_step?: number;
}

/** The features and the target that a reader has selected among the columns of a dataset. */
export interface Selection {
  features: string[];
  target: string;
}
/** A dataset or a sample, whose key says which. */
export interface Selectable extends Selection {
  key: string;
  columns: Api.Column[];
}

export type Source = "sample" | "file" | "drawn" | "function";
export type Point = [x: number, y: number];
export type Purpose = "run" | "check";
/** What was entered, by the field's name. */
export type Choices = { [field: string]: string | boolean };
/** The request without its data or its function. */
export type Chosen = Omit<Api.FitRequest, "dataset" | "function">;

type WithHelp<K> = K extends `help.${infer Name extends Key}` ? Name : never;
/** A choice of a request: where it goes there, how it is asked for, and when. */
export interface Field {
  at: string;
  name: WithHelp<Key>;
  options?: readonly string[];
  first: string | boolean;
  read?: (text: string) => unknown;
  when?: { [name: string]: string | readonly string[] };
  only?: Purpose;
  /** It stands below the others, where a reader opens it. */
  isAdvanced?: boolean;
}

/** What the rules of the optimisers are written with. */
export interface Hyperparameters {
  kind: Api.Optimizer["kind"];
  momentum?: number;
  decay?: number;
  beta1?: number;
  beta2?: number;
  weight_decay?: number;
}

/** The box that chooses a run for a comparison, and how to name it. */
export interface Box {
  element: HTMLInputElement;
  name: (title: string) => void;
}
export type RunRow = ReturnType<typeof import("/static/views/runs/row.js").runRow>;

/** A trajectory that was pasted: θ a step and the columns' names; or what is wrong with a line of it. */
export interface Given {
  theta?: number[][];
  names?: string[] | null;
  problem?: { line: number; cell?: string; has?: number; first?: number; names?: string };
}

/** One step with every column; `names` are those of the parameters. */
export interface StepRow extends Row {
  step: number;
  theta: number[];
  train_loss: number;
  names: string[];
}

/** The signals of a view of steps, of a run's view and of a comparison's. */
export type StepState = ReturnType<typeof import("/static/lib/step-state.js").stepState>;
export type RunState = ReturnType<typeof import("/static/views/run/state.js").runState>;
/** What is known of a run. */
export interface RunNews {
  run: Api.Run;
  curve: Curve;
}
export type Curve = import("/static/views/run/trajectory.js").Curve;

/** The signals of a comparison's view, and what is known when its runs were read. */
export type ComparisonState = ReturnType<typeof import("/static/views/compare/state.js").compareState>;
export interface ComparisonNews {
  column: Column;
  offered: Column[];
  found: Differences;
}
export type RunSeries = import("/static/views/compare/run-series.js").RunSeries;
export type Differences = ReturnType<typeof import("/static/views/compare/differences.js").differences>;
/** A column of the trajectories: `field` there, of θ the parameter at `index`. */
export interface Column {
  name: string;
  label: string;
  field: string;
  index?: number;
}
/** What a cell of a table shows. */
export type Shown = Child | Child[];

/** An axis of a landscape; `label` says what it is, `short` only names it. */
export interface LabelledAxis extends Api.Axis {
  short: string | null;
}
export interface Surface extends Omit<Api.Landscape, "x" | "y"> {
  x: LabelledAxis;
  y: LabelledAxis;
}
export type HeightMap = ReturnType<typeof import("/static/components/landscape/height-map.js").heightMap>;
export type Axes = ReturnType<typeof import("/static/components/landscape/axes.js").drawAxes>;
/** A descent on the plane of a landscape; `best` is a step. */
export interface Path {
  name?: string;
  colour?: string;
  dash?: number[];
  step: number[];
  x: number[];
  y: number[];
  train_loss: number[];
  best?: number | null;
  isWhole?: boolean;
  /** It goes beyond the picture. */
  leaves?: boolean;
}
export interface PictureOptions {
  paths: Path[];
  label: string;
  describedBy?: string | null;
  choose: (step: number) => void;
  pass: (step: number) => void;
}
/** A landscape that is drawn: `point` is where exactly the first path's step is, `towards` the direction of its arrow there. */
export interface Picture {
  select: (step: number, point?: Point | null, words?: string, towards?: Point | null) => void;
  heightMap: HeightMap;
  stop: () => void;
}

/** What f(θ, x) makes of the data at one step. */
export interface Prediction {
  step: number;
  prediction: Api.Value[];
  fitted: Api.Value[];
}
/** A point of the data: its class, or null in a regression, and whether it is tested. */
export interface Dot {
  x: number;
  y: number;
  of: number | null;
  isTest: boolean;
}
/** Where numbers of the data stand on the screen, in pixels. */
export interface Place {
  x: (value: number) => number;
  y: (value: number) => number;
}
/** An axis of a look at the data; the ticks are found where none are given. */
export interface LookAxis {
  label: string;
  range: [low: number, high: number];
  ticks?: number[];
}
/** How the data and a prediction are drawn; `low` is the prediction at the best step, where that is another. */
export interface Look {
  about: string;
  x: LookAxis;
  y: LookAxis;
  under: (place: Place, now: Prediction, low: Prediction | null) => Child[];
  points: (place: Place) => Child[];
  over: (place: Place, now: Prediction, low: Prediction | null) => Child[];
  legend: (now: Prediction, low: Prediction | null) => Child[];
  words: (now: Prediction) => string;
}

export as namespace Page;
