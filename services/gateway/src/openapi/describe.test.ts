import { describe, expect, it } from 'vitest';
import { describeProperties, forbidNullParameters, requireDefaults, type SchemaNodes } from './describe.js';
import { buildOpenApiDocument } from './document.js';

const components = (): SchemaNodes =>
  structuredClone(
    buildOpenApiDocument({ serverUrl: 'http://127.0.0.1:8080', version: '0' }).components?.schemas,
  ) as SchemaNodes;

describe('describeProperties', () => {
  it('refuses a property that the glossary does not know', () => {
    const changed = components();
    changed['Job']!.properties!['colour'] = { description: '' };
    expect(() => describeProperties(changed)).toThrow('no description in the glossary: Job.colour');
  });

  it('refuses a property inside an alternative that the glossary does not know', () => {
    const changed = components();
    changed['FeatureSpec']!.properties!['crop']!.oneOf![0]!.properties!['shape'] = {};
    expect(() => describeProperties(changed)).toThrow('no description in the glossary: FeatureSpec.crop.shape');
  });

  it('refuses a description of a property that is gone', () => {
    const changed = components();
    delete changed['Job']!.properties!['attempts'];
    expect(() => describeProperties(changed)).toThrow('the glossary describes what is not there: Job.attempts');
  });

  it('leaves no property of any component without a description', () => {
    const bare = Object.entries(components()).filter(([, { description }]) => !description);
    expect(bare).toEqual([]);
    expect(components()['JobResult']!.properties!['confidence']!.description).toMatch(/probability/i);
  });
});

describe('requireDefaults', () => {
  it('makes what has a default a member that is always there, in answers only', () => {
    const schema = () => ({ properties: { depth: { default: 1 }, name: {} }, required: ['name'] });
    const nodes: SchemaNodes = { Model: schema(), ClipForm: schema() };
    requireDefaults(nodes);
    expect(nodes).toEqual({
      Model: { properties: { depth: {}, name: {} }, required: ['name', 'depth'] },
      ClipForm: schema(),
    });
  });
});

describe('forbidNullParameters', () => {
  it('keeps the type that is not null, and single types as they are', () => {
    const paths = {
      '/': { get: { parameters: [{ schema: { type: ['number', 'null'] } }, { schema: { type: 'string' } }, {}] } },
    };
    forbidNullParameters(paths);
    expect(paths['/'].get.parameters).toEqual([{ schema: { type: 'number' } }, { schema: { type: 'string' } }, {}]);
  });
});
