/** What the daemon does when its role changes. Calls do not overlap. */
export interface ReplicaHandlers {
  /**
   * Called when this process leads, and the registers are loaded: `runs.resume`, `ended.get`, and `registrations.load` return
   * their content. It starts polls and runs. The lead may be lost in the meantime: then `follow` is called afterward.
   */
  lead(): Promise<void>;
  /** Called when another process leads. It stops polls, and leaves runs at the service. */
  follow(): Promise<void>;
  /**
   * Called when the leader has had no acknowledged heartbeat for `deadAfter`, and another process may lead: it uses half of each
   * budget. Called with false afterward.
   */
  cutOff(isCutOff: boolean): void;
}
