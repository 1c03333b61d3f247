import { describe, expect, it } from 'vitest';
import { loadConfig } from './load-config.js';
import { gatewaySchema } from './schemas.js';

describe('configuration', () => {
  it('needs nothing: an empty environment gives the laptop defaults', () => {
    expect(loadConfig(gatewaySchema, {})).toMatchObject({ HOST: '127.0.0.1', PORT: 8080, DATA_DIR: './data' });
  });

  it('names all 3 problems at once', () => {
    const load = () => loadConfig(gatewaySchema, { PORT: '99999', LOG_LEVEL: 'loud', AUTH: 'maybe' });
    expect(load).toThrow(/PORT[\s\S]*LOG_LEVEL|LOG_LEVEL[\s\S]*PORT/);
    expect(load).toThrow(/AUTH/);
  });

  it('takes an empty variable for unset', () => {
    expect(loadConfig(gatewaySchema, { PORT: '' }).PORT).toBe(8080);
  });
});
