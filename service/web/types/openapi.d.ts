// Written by `python -m tests.web.typescript` from /openapi.json, and held to it by a test.

export interface Adagrad {
  kind: "adagrad";
  epsilon?: number;
}

export interface Adam {
  kind: "adam";
  beta1?: number;
  beta2?: number;
  epsilon?: number;
}

export interface Adamw {
  kind: "adamw";
  beta1?: number;
  beta2?: number;
  epsilon?: number;
  weight_decay?: number;
}

export interface Axis {
  label: string | null;
  values: (number | null)[];
}

export interface Backtracking {
  kind: "backtracking";
}

export interface Best {
  step: number;
  theta: (number | null)[];
  test_mse: number | null;
}

export interface Changes {
  descent?: { [name: string]: unknown };
  objective?: { [name: string]: unknown };
  name?: string | null;
  tags?: { [name: string]: unknown };
  deadline_seconds?: number | null;
}

export interface CheckRequest {
  function?: FormulaFunction | NamedFunction | null;
  dataset?: InlineDataset | StoredDataset | SampleDataset | null;
  split?: FractionSplit | RowsSplit;
  standardize?: boolean | Standardize;
  model?: LinearModel | PolynomialModel | LogisticModel | SoftmaxModel | MlpModel | FormulaModel;
  objective?: Objective;
  descent?: Descent;
  preset?: "course" | null;
  name?: string | null;
  tags?: { [name: string]: string };
  deadline_seconds?: number | null;
  trajectory: Path;
  tolerance?: number;
}

export interface Column {
  name: string;
  kind: "number" | "category" | "label";
  missing: number;
  min: number | null;
  max: number | null;
  mean: number | null;
  standard_deviation: number | null;
  categories: string[] | null;
  counts?: number[];
  labels?: number[] | null;
  filled?: number;
}

export interface Constant {
  kind?: "constant";
}

export interface Contributions {
  rows: number[];
  y: (number | string)[];
  predictions: (number | (number | null)[] | null)[];
  gradients: ((number | null)[])[];
}

export interface Convergence {
  state: "converged" | "descending" | "stalled" | "oscillating" | "rising" | "diverged";
  sentence: string;
  loss: number | null;
  reference: Reference | null;
  relative_gap: number | null;
}

export interface Cosine {
  kind: "cosine";
}

export interface Criteria {
  step: number;
  theta: (number | null)[];
  coefficients: { [name: string]: number | null };
  train_loss: number | null;
  train_mse: number | null;
  validation_mse?: number | null;
  test_mse: number | null;
  train_accuracy?: number | null;
  validation_accuracy?: number | null;
  test_accuracy?: number | null;
  train_precision?: number | null;
  validation_precision?: number | null;
  test_precision?: number | null;
  train_recall?: number | null;
  validation_recall?: number | null;
  test_recall?: number | null;
  train_f1?: number | null;
  validation_f1?: number | null;
  test_f1?: number | null;
}

export interface Dataset {
  id: string;
  name: string | null;
  rows: number;
  features: string[];
  target: string;
  classes: string[] | null;
  sha256: string;
  columns: Column[];
  report: ReportEntry[];
  created_at: string;
  error: RunError | null;
  links: { [name: string]: string };
  ignored?: string[];
}

export interface DatasetRows {
  from: number;
  to: number;
  id: string;
  feature_names: string[];
  target_name: string;
  columns: string[];
  x: number[][];
  y: number[] | string[];
  rows: ((number | string)[])[];
}

export interface DatasetToPredict {
  id: string;
}

export interface Datasets {
  has_more: boolean;
  next: string | null;
  data: Dataset[];
}

export interface Descent {
  steps?: number;
  learning_rate?: number | "auto";
  optimizer?: Gd | Momentum | Nesterov | Adagrad | Rmsprop | Adam | Adamw | Ista | Fista;
  schedule?: Constant | Step | Exponential | InverseTime | Cosine | Backtracking;
  theta0?: "zeros" | NormalTheta0 | number[] | { [name: string]: number } | null;
  batch_size?: number | null;
  seed?: number;
  clip_norm?: number | null;
  stop?: Stop;
}

export interface Difference {
  column: string;
  stored: number | null;
  recomputed: number | null;
}

export interface DrawnMinimum {
  x: number;
  y: number;
  value: number;
}

export interface DrawnPath {
  step: number[];
  x: (number | null)[];
  y: (number | null)[];
  train_loss: (number | null)[];
}

export interface Environment {
  descent: string;
  numpy: string;
  autograd: string;
  blas: string;
  processor: string;
  libc: string;
  from_step: number;
}

export interface ErrorEntry {
  pointer?: string;
  parameter?: string;
  header?: string;
  row?: number;
  column?: string;
  member?: number;
  message: string;
  hint?: string;
  [field: string]: unknown;
}

export interface Exponential {
  kind: "exponential";
  factor: number;
}

export interface Finding {
  code: "constant_column" | "dead_units" | "duplicate_columns" | "ill_conditioned" | "infinite_start" | "learning_rate_too_large" | "left_domain" | "oscillation" | "overfitting" | "penalty_kink" | "plateau" | "saddle_point" | "separable_classes" | "too_few_steps" | "unbounded" | "weight_decay";
  evidence: { [name: string]: unknown };
  sentence: string;
  change: { [name: string]: unknown } | null;
  promise: Promise | null;
}

export interface Fista {
  kind: "fista";
}

export interface FitRequest {
  function?: FormulaFunction | NamedFunction | null;
  dataset?: InlineDataset | StoredDataset | SampleDataset | null;
  split?: FractionSplit | RowsSplit;
  standardize?: boolean | Standardize;
  model?: LinearModel | PolynomialModel | LogisticModel | SoftmaxModel | MlpModel | FormulaModel;
  objective?: Objective;
  descent?: Descent;
  preset?: "course" | null;
  name?: string | null;
  tags?: { [name: string]: string };
  deadline_seconds?: number | null;
}

export interface ForkRequest {
  from_step: number;
  changes?: Changes;
}

export interface ForkedFrom {
  run_id: string;
  step: number;
}

export interface FormulaFunction {
  formula: string;
}

export interface FormulaModel {
  kind: "formula";
  formula: string;
}

export interface FractionSplit {
  seed?: number;
  shuffle?: boolean;
  validation_fraction?: number;
  stratify?: boolean | null;
  test_fraction?: number;
}

export interface Function {
  name: string | null;
  formula: string | null;
  window: { [name: string]: number[] } | null;
  minima: Minimum[];
}

export interface Functions {
  data: ListedFunction[];
}

export interface Gd {
  kind?: "gd";
}

export interface Health {
  status: "ok";
}

export interface InlineDataset {
  x: number[][];
  y: number[] | string[];
  feature_names?: string[] | null;
  target_name?: string;
}

export interface InverseTime {
  kind: "inverse_time";
  rate: number;
}

export interface Ista {
  kind: "ista";
}

export interface Landscape {
  run_id: string;
  kind: "exact" | "pair" | "pca";
  parameters: string[];
  x: Axis;
  y: Axis;
  energy: ((number | null)[])[];
  explained: (number | null)[] | null;
  plane: Plane;
  path: DrawnPath;
  minima: DrawnMinimum[];
}

export interface Limit {
  value: number | null;
  unit: string;
  description: string;
  use?: number;
}

export interface Limits {
  limits: { [name: string]: Limit };
  share: Share | null;
}

export interface LinearModel {
  kind?: "linear";
  intercept?: boolean;
}

export interface ListedFunction {
  name: string;
  title: string;
  formula: string;
  parameters: string[];
  theta0: { [name: string]: number };
  window: { [name: string]: number[] };
  minima: Minimum[];
  description: string;
}

export interface ListedRun {
  id: string;
  name: string | null;
  tags: { [name: string]: string };
  status: RunStatus;
  stop_reason: "max_steps" | "gradient_norm" | "loss_change" | "patience" | "deadline" | "diverged" | "cancelled" | null;
  created_at: string;
  started_at: string | null;
  finished_at: string | null;
  request: { [name: string]: unknown };
  parameters: string[];
  classes: string[] | number[] | null;
  learning_rate: number | null;
  function: Function | null;
  dataset: RunDataset | null;
  steps_done: number;
  steps_total: number;
  bytes: number;
  final: Criteria | null;
  best: Best | null;
  diverged_at: number | null;
  optimum: Optimum | null;
  diagnosis: Finding[];
  convergence: Convergence | null;
  error: { [name: string]: string } | null;
  forked_from: ForkedFrom | null;
  sweep: SweepOfRun | null;
  verification: Verification | null;
  trajectory_sha256: string | null;
  environments: Environment[] | null;
  timings: { [name: string]: unknown };
  links: { [name: string]: string };
}

export interface LogisticModel {
  kind: "logistic";
  intercept?: boolean;
}

export interface Member {
  rank: number | null;
  run_id: string;
  name: string | null;
  status: RunStatus;
  convergence: MemberConvergence | null;
  findings: number;
  values: { [name: string]: unknown };
  value: number | null;
  train_mse: number | null;
  test_mse: number | null;
  best_step: number | null;
  best_test_mse: number | null;
  learning_rate: number | null;
  steps_done: number;
  steps_total: number;
  diverged_at: number | null;
}

export interface MemberConvergence {
  state: "converged" | "descending" | "stalled" | "oscillating" | "rising" | "diverged";
}

export interface Minimum {
  theta: { [name: string]: number };
  value: number;
}

export interface Mistake {
  code: "added_momentum" | "broadcast" | "ddof" | "divided_by_n_minus_1" | "doubled_rate" | "halved_rate" | "mean_for_sum" | "missing_factor_2" | "no_intercept" | "no_penalty" | "off_by_one" | "one_by_one" | "other_factor" | "parameter_order" | "plain_steps" | "scaled_with_test_rows" | "sign" | "sum_for_mean" | "tenfold_rate" | "tenth_rate" | "test_rows" | "too_narrow";
  title: string;
  detail: string;
}

export interface MlpModel {
  kind: "mlp";
  hidden?: number[];
  activation?: "tanh" | "relu" | "sigmoid";
  task?: "regression" | "classification";
}

export interface ModelNumbers {
  run_id: string;
  step: number;
  model: { [name: string]: unknown };
  features: string[];
  target: string;
  classes: string[] | number[] | null;
  parameters: string[];
  theta: (number | null)[];
  coefficients: { [name: string]: number | null };
  scaling: ModelScaling;
  formula: string[] | null;
}

export interface ModelScaling {
  features: ScaledColumn[] | null;
  columns: ScaledColumn[] | null;
  target: ScaledTarget | null;
}

export interface Momentum {
  kind: "momentum";
  momentum?: number;
}

export interface NamedFunction {
  name: string;
}

export interface Nesterov {
  kind: "nesterov";
  momentum?: number;
}

export interface NormalTheta0 {
  kind: "normal";
  scale?: number;
}

export interface Objective {
  loss?: "sse" | "mse" | "mae" | "huber" | "log_loss" | null;
  delta?: number | null;
  l1?: number;
  l2?: number;
}

export interface Optimum {
  theta: (number | null)[];
  coefficients: { [name: string]: number | null };
  train_loss: number | null;
}

export interface Path {
  theta: number[][];
}

export interface Plane {
  origin: (number | null)[];
  axes: ((number | null)[])[];
}

export interface PlatformChange {
  part: string;
  stored: string;
  recomputed: string;
}

export interface Points {
  x: ((number | null)[])[];
  y: (number | null)[];
  test: boolean[];
}

export interface PolynomialModel {
  kind: "polynomial";
  degree?: number;
  intercept?: boolean;
}

export interface Precision {
  unit: "decimals" | "significant_digits";
  number: number;
}

export interface PredictRequest {
  x?: number[][] | null;
  dataset?: DatasetToPredict | null;
  step?: number | "last" | "best";
}

export interface Predicted {
  run_id: string;
  step: number;
  y: (number | null)[] | string[] | number[];
  probabilities?: ((number | null)[])[] | null;
}

export interface PredictedAxis {
  feature: string;
  values: (number | null)[];
}

export interface Predictions {
  run_id: string;
  features: string[];
  classes: string[] | number[] | null;
  x: PredictedAxis;
  y: PredictedAxis | null;
  held: { [name: string]: number | null };
  step: number[];
  prediction: ((number | null)[])[];
  fitted: ((number | null)[])[];
  points: Points;
}

export interface Price {
  valid: boolean;
  steps: number;
  parameters: number;
  bytes: number;
  gradient_evaluations: number;
}

export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  errors?: ErrorEntry[];
  request_id?: string;
  [field: string]: unknown;
}

export interface Promise {
  criterion: string;
  before: number | null;
  after: number | null;
  steps: number;
}

export interface Queue {
  position: number;
  starts_in_seconds: number | null;
}

export interface Range {
  from: number;
  to: number;
  count: number;
  scale?: "linear" | "log";
}

export interface Reference {
  train_loss: number | null;
  theta: (number | null)[] | null;
  method: "closed_form" | "least_squares" | "newton" | "proximal_newton" | "l_bfgs" | "linear_programming" | "infimum" | "known";
}

export interface Rename {
  name?: string | null;
}

export interface ReportEntry {
  code: string;
  message: string;
  columns?: string[];
  rows?: number[];
}

export interface Rest {
  rows: number;
  gradient: (number | null)[];
}

export interface Rmsprop {
  kind: "rmsprop";
  decay?: number;
  epsilon?: number;
}

export interface RowsSplit {
  seed?: number;
  shuffle?: boolean;
  validation_fraction?: number;
  stratify?: boolean | null;
  test_rows: number[];
}

export interface Run {
  id: string;
  name: string | null;
  tags: { [name: string]: string };
  status: RunStatus;
  stop_reason: "max_steps" | "gradient_norm" | "loss_change" | "patience" | "deadline" | "diverged" | "cancelled" | null;
  created_at: string;
  started_at: string | null;
  finished_at: string | null;
  request: { [name: string]: unknown };
  parameters: string[];
  classes: string[] | number[] | null;
  learning_rate: number | null;
  function: Function | null;
  dataset: RunDataset | null;
  steps_done: number;
  steps_total: number;
  bytes: number;
  final: Criteria | null;
  best: Best | null;
  diverged_at: number | null;
  optimum: Optimum | null;
  diagnosis: Finding[];
  convergence: Convergence | null;
  error: { [name: string]: string } | null;
  forked_from: ForkedFrom | null;
  sweep: SweepOfRun | null;
  verification: Verification | null;
  trajectory_sha256: string | null;
  environments: Environment[] | null;
  timings: { [name: string]: unknown };
  links: { [name: string]: string };
  queue: Queue | null;
}

export interface RunDataset {
  id: string;
  rows: number;
  train_rows: number;
  validation_rows: number;
  test_rows: number;
  features: string[];
  target: string;
}

export interface RunError {
  code: string;
  message: string;
}

export interface RunPatch {
  name?: string | null;
  tags?: { [name: string]: string | null } | null;
}

export type RunStatus = "queued" | "running" | "paused" | "cancelling" | "succeeded" | "diverged" | "failed" | "cancelled";

export interface Runs {
  has_more: boolean;
  next: string | null;
  data: ListedRun[];
  total?: number;
}

export interface SampleDataset {
  features?: string[] | null;
  target?: string | null;
  sample: string;
}

export interface SampleOut {
  name: string;
  title: string;
  description: string;
  source: string;
  task: string;
  rows: number;
  features: string[];
  target: string;
  columns: Column[];
  certified: { [name: string]: unknown } | null;
}

export interface Samples {
  data: SampleOut[];
}

export interface ScaledColumn {
  name: string;
  mean: number;
  scale: number;
}

export interface ScaledTarget {
  mean: number;
  scale: number;
}

export interface SelectedRun {
  id: string;
  [field: string]: unknown;
}

export interface SelectedRuns {
  has_more: boolean;
  next: string | null;
  data: SelectedRun[];
  total?: number;
}

export interface Share {
  weight: number;
  max_running: number | null;
}

export interface SoftmaxModel {
  kind: "softmax";
  intercept?: boolean;
}

export interface Standardize {
  features?: boolean | "columns";
  target?: boolean;
}

export interface Step {
  kind: "step";
  every: number;
  factor?: number;
}

export interface StepArithmetic {
  run_id: string;
  step: number;
  parameters: string[];
  theta: (number | null)[];
  train_loss: number | null;
  gradient: (number | null)[];
  central_differences: (number | null)[];
  difference_errors: (number | null)[];
  contributions: Contributions;
  rest: Rest;
  penalty: (number | null)[];
  used: (number | null)[];
  point: (number | null)[];
  threshold: (number | null)[] | null;
  learning_rate: number | null;
  change: (number | null)[];
  next_theta: (number | null)[];
  taken: boolean;
  update: string[];
}

export interface Stop {
  gradient_norm?: number | null;
  loss_change?: number | null;
  patience?: number | null;
}

export interface StoredDataset {
  features?: string[] | null;
  target?: string | null;
  id: string;
}

export interface Sweep {
  id: string;
  name: string | null;
  status: "queued" | "running" | "paused" | "finished";
  created_at: string;
  finished_at: string | null;
  varied: string[];
  rank_by: string;
  members: number;
  statuses: { [name: string]: number };
  steps_done: number;
  steps_total: number;
  error: RunError | null;
  links: { [name: string]: string };
  ranking: Member[];
}

export interface SweepOfRun {
  id: string;
  values: { [name: string]: unknown };
}

export interface SweepPrice {
  valid: boolean;
  steps: number;
  parameters: number;
  bytes: number;
  gradient_evaluations: number;
  members: number;
}

export interface SweepRequest {
  base?: FitRequest | null;
  run?: string | null;
  grid?: { [name: string]: unknown[] | Range } | null;
  list?: { [name: string]: unknown }[] | null;
  rank_by?: "test_mse" | "best_test_mse" | "validation_mse" | "train_mse" | "train_loss" | "test_accuracy" | "test_precision" | "test_recall" | "test_f1" | "validation_accuracy" | "validation_precision" | "validation_recall" | "validation_f1" | "train_accuracy" | "train_precision" | "train_recall" | "train_f1" | null;
  name?: string | null;
}

export interface SweepSummary {
  id: string;
  name: string | null;
  status: "queued" | "running" | "paused" | "finished";
  created_at: string;
  finished_at: string | null;
  varied: string[];
  rank_by: string;
  members: number;
  statuses: { [name: string]: number };
  steps_done: number;
  steps_total: number;
  error: RunError | null;
  links: { [name: string]: string };
}

export interface Sweeps {
  has_more: boolean;
  next: string | null;
  data: SweepSummary[];
}

export interface Trajectory {
  run_id: string;
  status: RunStatus;
  parameters: string[];
  total_steps: number;
  complete: boolean;
  sampled: boolean;
  step?: number[];
  theta?: ((number | null)[])[];
  train_loss?: (number | null)[];
  train_mse?: (number | null)[];
  test_mse?: (number | null)[];
  gradient_norm?: (number | null)[];
  learning_rate?: (number | null)[];
  [field: string]: unknown;
}

export interface UploadedDataset {
  x: ((number | null)[])[];
  y: (number | null)[] | (string | null)[];
  feature_names?: string[] | null;
  target_name?: string;
}

export interface Verdict {
  right: boolean;
  step: number | null;
  expected: { [name: string]: number | null } | null;
  given: { [name: string]: number | null } | null;
  mistakes: Mistake[];
  precision: Precision | null;
  steps: number;
  parameters: string[];
}

export interface Verification {
  identical: boolean | null;
  agrees: boolean | null;
  tolerance: number | null;
  platform_changes: PlatformChange[];
  step: number | null;
  differences: Difference[];
  error: { [name: string]: string } | null;
  verified_at: string | null;
}
