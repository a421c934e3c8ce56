export type { Monitor } from './account.ts';
export type { Fault } from './fault.ts';
export type { FixedMonitorQueries } from './query-life.ts';
export { defaultScenario, parseScenario, type Scenario, ScenarioError } from './scenario.ts';
export { type RequestRecord, type Simulator, type SimulatorOptions, startSimulator } from './server.ts';
