import { readdirSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { PROJECT } from '../support/project.ts';

/** An alerting or a recording rule of config/rules. */
export interface Rule {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface Alert extends Rule {
  readonly alert: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Name of its file. */
  readonly file: string;
}

interface RuleFile {
  readonly groups: readonly { readonly name: string; readonly rules: readonly Rule[] }[];
}

export const RULE_FILES: readonly string[] = readdirSync(`${PROJECT}config/rules`).sort();

/** Every group of rules with its file, in the order of the files. */
export const RULE_GROUPS: readonly (RuleFile['groups'][number] & { readonly file: string })[] = RULE_FILES.flatMap(
  (file) => {
    const { groups }: RuleFile = parse(readFileSync(`${PROJECT}config/rules/${file}`, 'utf8'));
    return groups.map((group) => ({ ...group, file }));
  },
);

const RULES: readonly (Rule & { readonly file: string })[] = RULE_GROUPS.flatMap(({ rules, file }) =>
  rules.map((rule) => ({ ...rule, file })),
);

/** Every alert, in the order of the files. */
export const ALERTS: readonly Alert[] = RULES.flatMap(({ alert, labels = {}, annotations = {}, ...rule }) =>
  alert === undefined ? [] : [{ alert, labels, annotations, ...rule }],
);

/** Every recording rule. */
export const RECORDS: readonly (Rule & { readonly file: string })[] = RULES.filter(
  ({ record }) => record !== undefined,
);

/** Names and values of the series in thresholds.yml. */
export const THRESHOLDS: readonly { readonly name: string; readonly value: string }[] = RECORDS.filter(
  ({ record }) => record === 'aws_nfm:threshold',
).map(({ labels, expr }) => ({ name: labels?.['name'] ?? '', value: expr.replace(/^vector\((.*)\)$/, '$1') }));
