/**
 * Dockerfile, compose file and manifests against the project: every variable exists, every file is there, names, ports and
 * labels agree, pods are as restricted as they say, generated files are what their source gives.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { gatewaySchema, localSchema, preprocessSchema, workerSchema } from '@timbre/shared/config/schemas';
import { pipeline } from '@timbre/shared/contracts/pipeline';
import { root } from '@timbre/shared/testing/test-system';
import { shippedRules } from './expressions.js';

interface Container {
  name: string;
  image: string;
  env?: { name: string; value?: string }[];
  ports?: { name: string; containerPort: number }[];
  resources: { requests: Record<string, string>; limits: Record<string, string> };
  securityContext: {
    allowPrivilegeEscalation: boolean;
    readOnlyRootFilesystem: boolean;
    capabilities: { drop: string[] };
  };
  [probe: string]: unknown;
}
interface PodSpec {
  automountServiceAccountToken: boolean;
  serviceAccountName: string;
  terminationGracePeriodSeconds: number;
  securityContext: { runAsNonRoot: boolean; seccompProfile: { type: string } };
  containers: Container[];
}
interface Manifest {
  kind: string;
  metadata: { name: string; labels?: Record<string, string> };
  spec: {
    template: { metadata: { labels: Record<string, string> }; spec: PodSpec };
    selector: { matchLabels: Record<string, string> };
  } & Record<string, unknown>;
}
interface Kustomization {
  kind?: string;
  resources?: string[];
  patches?: { path?: string }[];
  configMapGenerator?: { files?: string[]; literals?: string[] }[];
}
interface ComposeService {
  build?: { target: string };
  image: string;
  environment?: Record<string, string>;
  ports?: string[];
  volumes?: string[];
  read_only?: boolean;
}

const read = (path: string) => readFileSync(join(root, path), 'utf8');
const variables = new Set(
  [gatewaySchema, preprocessSchema, workerSchema, localSchema].flatMap((schema) => Object.keys(schema.shape)),
);
const yamlFiles = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.ya?ml$/.test(file))
    .map((file) => join(folder, file));
const kustomizations = [...yamlFiles('k8s'), 'ops/grafana/kustomization.yaml'].filter((file) =>
  file.endsWith('kustomization.yaml'),
);
const base = yamlFiles('k8s/base')
  .filter((file) => !file.endsWith('kustomization.yaml'))
  .flatMap((file) => parseAllDocuments(read(file)).map((document) => document.toJS() as Manifest));
const deployments = base.filter(({ kind }) => kind === 'Deployment');
const containers = deployments.flatMap(({ spec }) => spec.template.spec.containers);
const compose = parse(read('docker-compose.yml'), { merge: true }) as { services: Record<string, ComposeService> };
const ours = Object.entries(compose.services).filter(([, { image }]) => image.startsWith('timbre-'));

describe('kubernetes manifests', () => {
  it('parse, every document of them, with no key twice', () => {
    for (const file of yamlFiles('k8s'))
      for (const document of parseAllDocuments(read(file))) expect(document.errors, file).toEqual([]);
  });

  it('name only files that are there, and every file is named', () => {
    const named = kustomizations.flatMap((file) => {
      const { resources = [], patches = [], configMapGenerator = [] } = parse(read(file)) as Kustomization;
      const paths = [
        ...resources,
        ...patches.flatMap(({ path }) => path ?? []),
        ...configMapGenerator.flatMap(({ files = [] }) => files),
      ];
      return paths.map((path) => join(root, dirname(file), path));
    });
    expect(named.filter((path) => !existsSync(path))).toEqual([]);
    const loose = yamlFiles('k8s').filter(
      (file) => !file.endsWith('kustomization.yaml') && !named.includes(join(root, file)),
    );
    expect(loose).toEqual([]);
    const dashboards = readdirSync(join(root, 'ops/grafana/dashboards')).map((file) =>
      join(root, 'ops/grafana/dashboards', file),
    );
    expect(dashboards.filter((path) => !named.includes(path)).map((path) => relative(root, path))).toEqual([]);
  });

  it('set only variables that a process reads', () => {
    const set = containers.flatMap(({ env = [] }) => env.map(({ name }) => name));
    const literals = kustomizations.flatMap((file) =>
      ((parse(read(file)) as Kustomization).configMapGenerator ?? []).flatMap(({ literals: given = [] }) =>
        given.map((literal) => literal.split('=')[0] ?? ''),
      ),
    );
    const patched = [...read('k8s/overlays/production/kustomization.yaml').matchAll(/value: \{ name: (\w+)/g)].map(
      ([, name = '']) => name,
    );
    const gpu = [...read('k8s/overlays/gpu/worker.yaml').matchAll(/\{ name: ([A-Z_]+)/g)].map(([, name = '']) => name);
    expect([...set, ...literals, ...patched, ...gpu].filter((name) => !variables.has(name))).toEqual([]);
    expect(patched.length + gpu.length).toBeGreaterThan(2);
  });

  it('give the settings values that the processes accept', () => {
    const literals =
      (parse(read('k8s/base/kustomization.yaml')) as Kustomization).configMapGenerator?.[0]?.literals ?? [];
    const settings = Object.fromEntries(literals.map((literal) => literal.split('=')));
    for (const { name, env = [] } of containers) {
      const schema = { gateway: gatewaySchema, preprocess: preprocessSchema, worker: workerSchema }[name];
      const given = Object.fromEntries(
        env.flatMap(({ name: key, value }) => (value === undefined ? [] : [[key, value]])),
      );
      expect(schema?.safeParse({ ...settings, ...given }).error?.issues).toBeUndefined();
    }
  });

  it('let pods drain before they are killed', () => {
    for (const { spec } of deployments) {
      const {
        terminationGracePeriodSeconds,
        containers: [container],
      } = spec.template.spec;
      const drain = container?.env?.find(({ name }) => name === 'DRAIN_TIMEOUT_MS')?.value;
      expect(terminationGracePeriodSeconds * 1000).toBeGreaterThanOrEqual(Number(drain) + 10_000);
    }
  });

  it('are as restricted as the Pod Security standard asks, without tokens, with requests and limits', () => {
    expect(deployments).toHaveLength(3);
    for (const { spec } of deployments) {
      const pod = spec.template.spec;
      expect(pod).toMatchObject({
        automountServiceAccountToken: false,
        securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      });
      for (const container of pod.containers) {
        expect(container.securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
        for (const kind of ['requests', 'limits'] as const)
          expect(Object.keys(container.resources[kind])).toEqual(expect.arrayContaining(['cpu', 'memory']));
        for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe'])
          expect(container[probe]).toMatchObject({ httpGet: { port: 'admin' } });
        const settings = read('k8s/base/kustomization.yaml');
        for (const { name, containerPort } of container.ports ?? [])
          expect(settings).toContain(`${name === 'http' ? 'PORT' : 'ADMIN_PORT'}=${containerPort}`);
      }
    }
  });

  it('have a budget, a monitor and a scaler for every deployment, with labels that agree', () => {
    const of = (kind: string) => base.filter((manifest) => manifest.kind === kind);
    for (const { metadata, spec } of deployments) {
      expect(spec.template.metadata.labels).toMatchObject(spec.selector.matchLabels);
      expect(of('PodDisruptionBudget').map((budget) => budget.spec.selector.matchLabels)).toContainEqual(
        spec.selector.matchLabels,
      );
      const scalers = [...of('HorizontalPodAutoscaler'), ...of('ScaledObject')].filter(
        (scaler) => (scaler.spec['scaleTargetRef'] as { name: string }).name === metadata.name,
      );
      expect(scalers).toHaveLength(1);
    }
  });

  it('scale on rules that exist, for stages that exist, from and to zero', () => {
    const records = shippedRules().flatMap(({ record }) => record ?? []);
    for (const { spec } of base.filter(({ kind }) => kind === 'ScaledObject')) {
      const { query } = (spec['triggers'] as { metadata: { query: string } }[])[0]!.metadata;
      const [, record, stage] = /^([\w:]+)\{stage="(\w+)"\}$/.exec(query) ?? [];
      expect(records).toContain(record);
      expect(Object.keys(pipeline)).toContain(stage);
      expect(spec).toMatchObject({ minReplicaCount: 0, fallback: { replicas: 2 } });
    }
  });

  it('carry the rules of ops/prometheus as they are', async () => {
    const { prometheusRule } = (await import(join(root, 'k8s/write-prometheus-rule.mjs'))) as {
      prometheusRule: () => string;
    };
    expect(read('k8s/base/prometheus-rule.yaml')).toBe(prometheusRule());
    const rules = base.find(({ kind }) => kind === 'PrometheusRule')?.spec['groups'] as { rules: unknown[] }[];
    expect(rules.flatMap((group) => group.rules)).toHaveLength(shippedRules().length);
  });

  it('hold no secret outside the local overlay', () => {
    const elsewhere = yamlFiles('k8s').filter((file) => !file.includes('overlays/local'));
    for (const file of elsewhere)
      expect(read(file), file).not.toMatch(/kind: Secret|secretGenerator|s3:\/\/|redis:\/\//);
  });
});

describe('docker-compose.yml', () => {
  it('sets only variables that a process reads', () => {
    const prepare = ['BIND_ADDRESS', 'S3_SECRET_KEY', 'GRAFANA_PASSWORD'];
    const set = ours.flatMap(([name, { environment = {} }]) =>
      Object.keys(environment).filter((variable) => name !== 'prepare' || !prepare.includes(variable)),
    );
    expect(set.length).toBeGreaterThan(15);
    expect(set.filter((name) => !variables.has(name))).toEqual([]);
  });

  it('publishes nothing but on the loopback address, unless BIND_ADDRESS says otherwise', () => {
    const published = Object.values(compose.services).flatMap(({ ports = [] }) => ports);
    expect(published.length).toBeGreaterThan(3);
    for (const port of published) expect(port).toMatch(/^(127\.0\.0\.1|\$\{BIND_ADDRESS:-127\.0\.0\.1\}):/);
    expect(published.filter((port) => port.includes('BIND_ADDRESS'))).toHaveLength(1);
  });

  it('builds targets the Dockerfile has, mounts files that are there, keeps roots read-only', () => {
    const targets = [...read('Dockerfile').matchAll(/^FROM .* AS (\S+)$/gm)].map(([, name]) => name);
    for (const [, { build, read_only: readOnly }] of ours) {
      expect(targets).toContain(build?.target);
      expect(readOnly).toBe(true);
    }
    const mounts = Object.values(compose.services).flatMap(({ volumes = [] }) =>
      volumes.filter((volume) => volume.startsWith('./')),
    );
    expect(mounts.length).toBeGreaterThan(4);
    for (const mount of mounts) expect(existsSync(join(root, mount.split(':')[0] ?? '')), mount).toBe(true);
  });
});

describe('Dockerfile', () => {
  it('sets only variables that a process reads', () => {
    const lines = read('Dockerfile')
      .replaceAll('\\\n', ' ')
      .split('\n')
      .filter((line) => line.startsWith('ENV '));
    const names = lines.flatMap((line) => [...line.matchAll(/(\w+)=/g)].map(([, name = '']) => name));
    const tools = ['NODE_ENV', 'ONNXRUNTIME_NODE_INSTALL'];
    expect(names.length).toBeGreaterThan(8);
    expect(names.filter((name) => !variables.has(name) && !tools.includes(name))).toEqual([]);
  });

  it('needs no frontend image, no digest, and base images are arguments', () => {
    expect(read('Dockerfile')).not.toMatch(/^# *syntax=|@sha256/m);
    const stages = [...read('Dockerfile').matchAll(/^FROM .* AS (\S+)$/gm)].map(([, name]) => name);
    for (const [, from = ''] of read('Dockerfile').matchAll(/^FROM (\S+)/gm))
      expect(from.startsWith('${') || stages.includes(from), from).toBe(true);
  });

  it('builds an ffmpeg with the demuxers and decoders the preprocess service may ask for, and no others', () => {
    const source = read('services/preprocess/src/audio/ffmpeg/ffmpeg-arguments.ts');
    const list = (after: string) =>
      [...(new RegExp(`${after} = \\[([\\s\\S]*?)\\n\\]`).exec(source)?.[1] ?? '').matchAll(/'(\w+)'/g)].map(
        ([, name = '']) => name,
      );
    const parts = read('ops/container/ffmpeg-parts.sh');
    const built = (name: string) =>
      [...parts.matchAll(new RegExp(`^${name}=(?:\\$${name},)?(.*)$`, 'gm'))].flatMap(([, names = '']) =>
        names.split(','),
      );
    expect(built('DEMUXERS').sort()).toEqual(list('ffmpegDemuxers').sort());
    const external = ['libopus', 'libspeex'];
    expect(built('DECODERS').sort()).toEqual(
      list('CODECS')
        .filter((name) => !external.includes(name))
        .sort(),
    );
  });
});

describe('dashboards', () => {
  it('are what write-dashboards.mjs writes', async () => {
    const { dashboards } = (await import(join(root, 'ops/grafana/write-dashboards.mjs'))) as {
      dashboards: { uid: string }[];
    };
    expect(dashboards).toHaveLength(3);
    for (const dashboard of dashboards)
      expect(JSON.parse(read(`ops/grafana/dashboards/${dashboard.uid}.json`))).toEqual(dashboard);
  });
});
