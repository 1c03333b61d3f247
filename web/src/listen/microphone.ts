/** The microphone as pieces of PCM, and its troubles in words that say what to do. */
import type { Problem } from '../parts/problem.js';
import type { Piece } from './capture-worklet.js';
import captureAddress from './capture-worklet.js?worker&url';

export interface Microphone {
  sampleRateHz: number;
  /** As the device calls itself. */
  name: string;
  close: () => void;
}

export class MicrophoneProblem extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail);
  }
}

/**
 * The sound as it is: without the echo, noise and gain processing that is made for speech and spoils instruments.
 * @param onLost the device was unplugged or taken away
 * @throws MicrophoneProblem
 */
export async function openMicrophone(
  deviceId: string | undefined,
  onPiece: (piece: Piece) => void,
  onLost: () => void,
): Promise<Microphone> {
  const stream = await openStream(deviceId);
  const [track] = stream.getAudioTracks();
  const context = new AudioContext({ latencyHint: 'interactive' });
  try {
    await context.audioWorklet.addModule(captureAddress);
    await context.resume();
  } catch (error) {
    stream.getTracks().forEach((each) => each.stop());
    await context.close();
    throw new MicrophoneProblem({
      title: 'This browser cannot listen',
      detail: `It has no audio worklets, or blocks them (${String(error)}). Current Chrome, Edge, Firefox and Safari have them.`,
    });
  }
  const node = new AudioWorkletNode(context, 'timbre-capture', {
    channelCount: 1,
    channelCountMode: 'explicit',
    numberOfOutputs: 1,
  });
  node.port.onmessage = ({ data }: MessageEvent<Piece>) => onPiece(data);
  context.createMediaStreamSource(stream).connect(node);
  // What is connected to no output is not run; this one is silent.
  node.connect(context.destination);
  track?.addEventListener('ended', onLost);
  return {
    sampleRateHz: context.sampleRate,
    name: track?.label ?? '',
    close() {
      track?.removeEventListener('ended', onLost);
      node.port.onmessage = null;
      stream.getTracks().forEach((each) => each.stop());
      void context.close();
    },
  };
}

async function openStream(deviceId: string | undefined): Promise<MediaStream> {
  // Absent on pages that are not safe, whatever the types say.
  const devices = navigator.mediaDevices as MediaDevices | undefined;
  if (!devices) throw new MicrophoneProblem(insecureProblem(location));
  try {
    return await devices.getUserMedia({
      audio: {
        ...(deviceId === undefined ? {} : { deviceId: { exact: deviceId } }),
        channelCount: 1,
        echoCancellation: false,
        noiseSuppression: false,
        autoGainControl: false,
      },
    });
  } catch (error) {
    throw new MicrophoneProblem(problemOfDevice(error instanceof DOMException ? error.name : ''));
  }
}

export function insecureProblem({ protocol, port }: { protocol: string; port: string }): Problem {
  const local = `http://localhost${port === '' ? '' : `:${port}`}`;
  return {
    title: 'The microphone needs a safe page',
    detail: `Browsers give it to https pages and to localhost only, and this page came by ${protocol.replace(':', '')}. Open it by https, or on the server itself at ${local}.`,
  };
}

export function problemOfDevice(name: string): Problem {
  switch (name) {
    case 'NotAllowedError':
    case 'SecurityError':
      return {
        title: 'The page may not use the microphone',
        detail: 'Allow it with the icon beside the address (or in the settings of the system), then start again.',
      };
    case 'NotFoundError':
      return { title: 'No microphone found', detail: 'Plug one in or switch it on, then start again.' };
    case 'OverconstrainedError':
      return { title: 'That microphone is gone', detail: 'Choose another one, then start again.' };
    case 'NotReadableError':
    case 'AbortError':
      return {
        title: 'The microphone does not answer',
        detail: 'Another program may hold it. Close that program, or choose another microphone, then start again.',
      };
    default:
      return {
        title: 'The microphone could not be opened',
        detail: name === '' ? 'Start again.' : `${name}. Start again.`,
      };
  }
}

export interface Device {
  id: string;
  name: string;
}

/** Names are empty until the person has allowed the microphone once. */
export async function listDevices(): Promise<Device[]> {
  const devices = navigator.mediaDevices as MediaDevices | undefined;
  if (!devices) return [];
  return (await devices.enumerateDevices())
    .filter(({ kind, deviceId }) => kind === 'audioinput' && deviceId !== '')
    .map(({ deviceId, label }, index) => ({ id: deviceId, name: label === '' ? `Microphone ${index + 1}` : label }));
}
