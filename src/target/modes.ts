/** What the target does with what it receives; docs/load-testing.md explains them. */
export const TARGET_MODES = ['echo', 'sink', 'flood', 'close'] as const;
export type TargetMode = (typeof TARGET_MODES)[number];
