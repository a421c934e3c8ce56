export type { RequestRecord } from './exchange.ts';
export type { Fault } from './fault.ts';
export type { Incident, MonitorPlace } from './incidents.ts';
export type { MonitorTotals } from './metric-points.ts';
export { parseScenario, ScenarioError } from './scenario.ts';
export { defaultScenario, type FixedMonitorQueries, type Monitor, type Scenario } from './schema.ts';
export { type Simulator, type SimulatorOptions, startSimulator } from './server.ts';
