import { parser } from '@prometheus-io/lezer-promql';

export interface LabelMatcher {
  readonly label: string;
  readonly operator: string;
  readonly value: string;
}

export interface Selector {
  readonly metric: string;
  readonly matchers: readonly LabelMatcher[];
}

/** The names in a PromQL expression. */
export interface PromqlNames {
  /** Selected series, in the order of the text. */
  readonly selectors: readonly Selector[];
  /** Labels of groupings, joins, and `group_left` or `group_right`. */
  readonly labels: readonly string[];
}

/** By expression: tests look up the names in the same rules many times. */
const knownNames = new Map<string, PromqlNames>();

/** @throws Error if the expression is not valid PromQL */
export function namesIn(expression: string): PromqlNames {
  const names = knownNames.get(expression) ?? readNames(expression);
  knownNames.set(expression, names);
  return names;
}

function readNames(expression: string): PromqlNames {
  const selectors: { metric: string; matchers: LabelMatcher[] }[] = [];
  const labels: string[] = [];
  const text = ({ from, to }: { readonly from: number; readonly to: number }) => expression.slice(from, to);
  parser.parse(expression).iterate({
    enter(node) {
      if (node.type.isError) {
        throw new Error(`no PromQL from character ${node.from} on: ${expression}`);
      }
      if (node.name === 'VectorSelector') {
        selectors.push({ metric: '', matchers: [] });
        return;
      }
      const parent = node.node.parent?.name;
      const selector = selectors.at(-1);
      if (parent === 'VectorSelector' && node.name === 'Identifier' && selector !== undefined) {
        selector.metric = text(node);
      } else if (parent === 'GroupingLabels' && node.name === 'LabelName') {
        labels.push(text(node));
      } else if (node.name === 'UnquotedLabelMatcher') {
        const [label, operator, value] = ['LabelName', 'MatchOp', 'StringLiteral'].map((name) => {
          const child = node.node.getChild(name);
          return child === null ? '' : text(child);
        });
        selector?.matchers.push({ label: label ?? '', operator: operator ?? '', value: (value ?? '').slice(1, -1) });
      }
    },
  });
  return { selectors, labels };
}
