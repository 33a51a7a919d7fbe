/** Where a load run is, for those who watch. Times in seconds. */
export type LoadProgress =
  | {
      readonly phase: 'opening';
      readonly opened: number;
      readonly failed: number;
      readonly requested: number;
    }
  | {
      readonly phase: 'exchanging';
      readonly elapsed: number;
      readonly duration: number;
      /** Answers, of late. */
      readonly perSecond: number;
    }
  | {
      readonly phase: 'draining';
      /** Messages without an answer. */
      readonly waiting: number;
    }
  | { readonly phase: 'closing'; readonly open: number };

export type OnProgress = (progress: LoadProgress) => void;
