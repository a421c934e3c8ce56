import type { Section } from './assembly.ts';
import { COLORS } from './colors.ts';
import { colored, stateTimeline, timeSeries } from './panels.ts';
import { OF_JOB, perSecondOf } from './promql.ts';
import { BAD_OR_GOOD } from './state-sets.ts';

const INSTANCE = '{{instance}}';

/** What the exporter reads while it runs. */
export function reloads(): Section {
  return {
    title: 'Reloads',
    panels: [
      stateTimeline(
        'Configuration and storage',
        'Result of the last configuration reload, and of the last write to storage.path. After a failed reload, the last valid configuration stays in effect; a restart would fail. Without a storage, it is absent.',
        BAD_OR_GOOD,
        [`1 + aws_nfm_exporter_config_last_reload_successful{${OF_JOB}}`, `${INSTANCE} configuration`],
        [`1 + aws_nfm_exporter_storage_writable{${OF_JOB}}`, `${INSTANCE} storage`],
      ).height(7),
      stateTimeline(
        'Discovery files',
        'Result of the last reading of each discovery file. After a failure, its last valid queries are kept.',
        BAD_OR_GOOD,
        [
          // The name of the file, without its directory.
          `label_replace(1 + aws_nfm_exporter_discovery_file_last_load_successful{${OF_JOB}}, "file_name", "$1", "file", "(?:.*/)?([^/]+)")`,
          `${INSTANCE} {{file_name}}`,
        ],
      ).height(7),
    ],
  };
}

/** Memory, processor, event loop. */
export function process(): Section {
  /** The process's families have the same names in programs of others: only in a scrape of ours. */
  const ours = (expression: string) => `${expression} and on (job, instance) aws_nfm_exporter_build_info`;
  return {
    title: 'Process',
    panels: [
      timeSeries(
        'Memory',
        'Memory of the process in RAM, and of JavaScript objects: in use, and taken from the system for them.',
        [ours(`process_resident_memory_bytes{${OF_JOB}}`), `${INSTANCE} resident`],
        [ours(`nodejs_heap_size_used_bytes{${OF_JOB}}`), `${INSTANCE} heap used`],
        [ours(`nodejs_heap_size_total_bytes{${OF_JOB}}`), `${INSTANCE} heap`],
        [ours(`nodejs_external_memory_bytes{${OF_JOB}}`), `${INSTANCE} external`],
      )
        .unit('bytes')
        .span(8),
      timeSeries('CPU', 'Processor cores in use; JavaScript itself uses one at most.', [
        ours(perSecondOf('process_cpu_seconds_total', OF_JOB)),
        INSTANCE,
      ])
        .unit('percentunit')
        .span(8),
      colored(
        timeSeries(
          'Event loop lag',
          'How late the event loop runs what is due: the longest delay since the scrape before, the 99th percentile and the median. Scrapes and probes wait as long.',
          [`max(${ours(`nodejs_eventloop_lag_max_seconds{${OF_JOB}}`)})`, 'longest'],
          [`max(${ours(`nodejs_eventloop_lag_p99_seconds{${OF_JOB}}`)})`, '99 %'],
          [`max(${ours(`nodejs_eventloop_lag_p50_seconds{${OF_JOB}}`)})`, 'median'],
        ),
        [
          { name: 'longest', color: COLORS.vermillion },
          { name: '99 %', color: COLORS.orange },
          { name: 'median', color: COLORS.sky },
        ],
      )
        .unit('s')
        .span(8),
      timeSeries('Garbage collection', 'Share of the time that the process spends on collecting garbage, by kind.', [
        `sum by (instance, kind) (${ours(perSecondOf('nodejs_gc_duration_seconds_sum', OF_JOB))})`,
        `${INSTANCE} {{kind}}`,
      ])
        .unit('percentunit')
        .span(8),
      timeSeries('Open files', 'File descriptors that are open, sockets included.', [
        ours(`process_open_fds{${OF_JOB}}`),
        INSTANCE,
      ]).span(8),
      timeSeries('Duration of a scrape', 'How long Prometheus waited for the page. A scrape calls no AWS API.', [
        ours(`scrape_duration_seconds{${OF_JOB}}`),
        INSTANCE,
      ])
        .unit('s')
        .span(8),
    ],
  };
}
