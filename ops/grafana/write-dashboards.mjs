/**
 * Writes the dashboards in ops/grafana/dashboards from the panels named here, so that all look alike and a panel is three
 * lines. Usage: node ops/grafana/write-dashboards.mjs; a test compares what lies there.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const quantile = (q, metric, by, where = '') =>
  `histogram_quantile(${q}, sum by (le${by ? `, ${by}` : ''}) (rate(${metric}_bucket${where}[$__rate_interval])))`;
const rate = (metric, by, where = '') => `sum by (${by}) (rate(${metric}${where}[$__rate_interval]))`;
const stat = (title, unit, expr, thresholds) => ({ title, type: 'stat', unit, targets: [[expr, '']], thresholds });
const lines = (title, unit, ...targets) => ({ title, type: 'timeseries', unit, targets });

const users = {
  uid: 'timbre-users',
  title: 'Timbre: what users see',
  panels: [
    stat('Interactive clips within 2.5 s', 'percentunit', '1 - timbre:slow_clips:ratio_rate1h', [0.98, 0.99]),
    stat(
      'Requests answered 5xx',
      'percentunit',
      'sum(rate(timbre_http_request_duration_seconds_count{status=~"5.."}[1h])) / sum(rate(timbre_http_request_duration_seconds_count[1h]))',
    ),
    stat('Clips ended per second', 'short', 'sum(rate(timbre_jobs_finished_total[$__rate_interval]))'),
    stat('Open streams and held requests', 'short', 'sum(timbre_streams_open)'),
    lines(
      'Interactive clip, acceptance to answer',
      's',
      [quantile(0.5, 'timbre_job_end_to_end_seconds', '', '{lane="interactive"}'), 'median'],
      [quantile(0.95, 'timbre_job_end_to_end_seconds', '', '{lane="interactive"}'), '95 %'],
      [quantile(0.99, 'timbre_job_end_to_end_seconds', '', '{lane="interactive"}'), '99 %'],
    ),
    lines('Requests by route, 95 %', 's', [
      quantile(0.95, 'timbre_http_request_duration_seconds', 'method, route'),
      '{{method}} {{route}}',
    ]),
    lines('Jobs accepted', 'ops', [rate('timbre_jobs_accepted_total', 'lane, via'), '{{lane}} by {{via}}']),
    lines('Jobs ended', 'ops', [rate('timbre_jobs_finished_total', 'lane, state'), '{{lane}} {{state}}']),
    lines('Requests refused, by code', 'ops', [rate('timbre_requests_rejected_total', 'code'), '{{code}}']),
    lines('Clips failed, by code', 'ops', [rate('timbre_job_failures_total', 'code'), '{{code}}']),
    lines(
      'Webhooks',
      'short',
      ['max(timbre_webhooks_due)', 'due'],
      [rate('timbre_webhook_deliveries_total', 'outcome'), '{{outcome}} per second'],
    ),
    lines('Uploads', 'Bps', [rate('timbre_upload_bytes_total', 'via'), '{{via}}']),
  ],
};

const operators = {
  uid: 'timbre-operators',
  title: 'Timbre: where every second goes',
  panels: [
    stat('Predicted drain, slowest stage', 's', 'max(timbre:drain_seconds)'),
    stat('Processes', 'short', 'sum(timbre:stage_processes)'),
    stat(
      'Redis memory',
      'percentunit',
      'max(timbre_redis_memory_used_bytes) / (max(timbre_redis_memory_limit_bytes) > 0)',
    ),
    stat('Audio per second', 's', 'sum(rate(timbre_audio_seconds_processed_total{stage="infer"}[$__rate_interval]))'),
    lines('Backlog in seconds of audio', 's', ['timbre:backlog:audio_seconds', '{{stage}} {{lane}}']),
    lines(
      'Replicas: wanted and there',
      'short',
      ['timbre:desired_replicas', '{{stage}} wanted'],
      ['timbre:stage_processes', '{{stage}} there'],
    ),
    lines('Rate of one replica, audio-seconds per busy second', 'short', [
      'timbre:replica_rate:audio_seconds_per_second',
      '{{stage}}',
    ]),
    lines('Tasks in queues', 'short', [
      'max by (stage, lane, state) (timbre_queue_tasks)',
      '{{stage}} {{lane}} {{state}}',
    ]),
    lines('Oldest waiting task', 's', [
      'max by (stage, lane) (timbre_queue_oldest_task_seconds)',
      '{{stage}} {{lane}}',
    ]),
    lines('Parts of a clip, 95 %', 's', [
      quantile(0.95, 'timbre_stage_duration_seconds', 'stage, lane'),
      '{{stage}} {{lane}}',
    ]),
    lines('Tasks by outcome', 'ops', [
      rate('timbre_task_duration_seconds_count', 'stage, lane, outcome'),
      '{{stage}} {{lane}} {{outcome}}',
    ]),
    lines('Repeats, by reason', 'ops', [rate('timbre_task_retries_total', 'stage, code'), '{{stage}} {{code}}']),
    lines('Deliveries with nothing left to do', 'ops', [
      rate('timbre_tasks_dropped_total', 'stage, reason'),
      '{{stage}} {{reason}}',
    ]),
    lines('Processes lost in the middle of tasks', 'short', [
      'sum by (stage) (increase(timbre_task_process_deaths_total[$__rate_interval]))',
      '{{stage}}',
    ]),
    lines('Busy share of a process', 'percentunit', [
      'rate(timbre_stage_busy_seconds_total[$__rate_interval])',
      '{{stage}} {{instance}}',
    ]),
    lines('Event loop, longest delay', 's', [
      'max by (service, instance) (timbre_event_loop_lag_max_seconds)',
      '{{service}} {{instance}}',
    ]),
    lines('Memory of processes', 'bytes', ['timbre_process_resident_memory_bytes', '{{service}} {{instance}}']),
    lines('Processor time', 'percentunit', [
      'rate(timbre_process_cpu_seconds_total[$__rate_interval])',
      '{{service}} {{instance}}',
    ]),
    lines(
      'Batches: accepted, and sources being read',
      'short',
      ['sum by (source) (increase(timbre_batches_accepted_total[1h]))', '{{source}}, last hour'],
      ['max(timbre_expand_tasks)', 'being read'],
    ),
    lines('Not computed again', 'ops', [rate('timbre_cache_hits_total', 'kind'), '{{kind}}']),
  ],
};

const models = {
  uid: 'timbre-models',
  title: 'Timbre: models',
  panels: [
    stat('Models that serve', 'short', 'count(max by (model) (timbre_model_loaded) == 1)'),
    stat('Folders refused, last hour', 'short', 'sum(increase(timbre_model_load_failures_total[1h]))'),
    stat(
      'Windows per run',
      'short',
      'sum(rate(timbre_batch_windows_sum[$__rate_interval])) / sum(rate(timbre_batch_windows_count[$__rate_interval]))',
    ),
    stat(
      'Share of unknown, last hour',
      'percentunit',
      'sum(increase(timbre_decisions_total{label="unknown"}[1h])) / sum(increase(timbre_decisions_total[1h]))',
    ),
    lines('Decisions', 'ops', [rate('timbre_decisions_total', 'model, label'), '{{model}} {{label}}']),
    lines('Share of unknown and mute', 'percentunit', [
      'sum by (model, label) (rate(timbre_decisions_total{label=~"unknown|mute"}[$__rate_interval])) / on (model) group_left sum by (model) (rate(timbre_decisions_total[$__rate_interval]))',
      '{{model}} {{label}}',
    ]),
    lines('ONNX runs, by what released them', 'ops', [
      rate('timbre_batch_releases_total', 'model, reason'),
      '{{model}} {{reason}}',
    ]),
    lines(
      'Windows in a run',
      'short',
      [quantile(0.5, 'timbre_batch_windows', 'model'), '{{model}} median'],
      [quantile(0.95, 'timbre_batch_windows', 'model'), '{{model}} 95 %'],
    ),
    lines('Wait for a run, and the run, 95 %', 's', [
      quantile(0.95, 'timbre_stage_duration_seconds', 'stage, lane', '{stage=~"infer|inferWait"}'),
      '{{stage}} {{lane}}',
    ]),
    lines('Loaded, by provider', 'short', [
      'max by (model, provider) (timbre_model_loaded)',
      '{{model}} on {{provider}}',
    ]),
    lines('Folders refused or failing to load', 'ops', [
      rate('timbre_model_load_failures_total', 'model'),
      '{{model}}',
    ]),
  ],
};

function panelOf({ title, type, unit, targets, thresholds }, index, place) {
  const steps = thresholds && [
    { color: 'red', value: null },
    { color: 'orange', value: thresholds[0] },
    { color: 'green', value: thresholds[1] },
  ];
  return {
    id: index + 1,
    title,
    type,
    datasource: { type: 'prometheus', uid: '${datasource}' },
    gridPos: place,
    fieldConfig: {
      defaults: { unit, ...(steps ? { thresholds: { mode: 'absolute', steps } } : {}) },
      overrides: [],
    },
    options: type === 'stat' ? { reduceOptions: { calcs: ['lastNotNull'] } } : { legend: { displayMode: 'list' } },
    targets: targets.map(([expr, legendFormat], at) => ({ refId: String.fromCharCode(65 + at), expr, legendFormat })),
  };
}

/** Four stats a row, then two graphs a row. */
function placed(panels) {
  let [x, y] = [0, 0];
  return panels.map((panel, index) => {
    const [w, h] = panel.type === 'stat' ? [6, 4] : [12, 8];
    if (x + w > 24) [x, y] = [0, y + (panels[index - 1].type === 'stat' ? 4 : 8)];
    const place = { x, y, w, h };
    x += w;
    return panelOf(panel, index, place);
  });
}

export const dashboards = [users, operators, models].map(({ uid, title, panels }) => ({
  uid,
  title,
  tags: ['timbre'],
  schemaVersion: 41,
  timezone: 'browser',
  refresh: '10s',
  time: { from: 'now-1h', to: 'now' },
  templating: { list: [{ name: 'datasource', type: 'datasource', query: 'prometheus', current: {} }] },
  panels: placed(panels),
}));

if (process.argv[1] === fileURLToPath(import.meta.url))
  for (const dashboard of dashboards)
    writeFileSync(
      new URL(`dashboards/${dashboard.uid}.json`, import.meta.url),
      `${JSON.stringify(dashboard, null, 2)}\n`,
    );
