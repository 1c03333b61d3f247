/** A canvas that is as sharp as the screen and drawn again when its size, its theme or what it shows changes. */
import { useEffect, useRef } from 'preact/hooks';
import { useTheme, type Theme } from '../shell/theme.js';

export interface Surface {
  context: CanvasRenderingContext2D;
  /** In CSS pixels. */
  width: number;
  height: number;
  theme: Theme;
  /** A colour of the style sheet: `ink('--ink')`. */
  ink: (name: string) => string;
}

export interface CanvasProps {
  /** Must change with what it draws, as by `useCallback`. */
  draw: (surface: Surface) => void;
  class?: string;
  /** What the picture shows, for those who do not see it; without it the canvas is decoration. */
  label?: string | undefined;
}

export function Canvas({ draw, class: className, label }: CanvasProps) {
  const place = useRef<HTMLCanvasElement>(null);
  const theme = useTheme();
  useEffect(() => {
    const canvas = place.current;
    if (!canvas) return;
    const paint = (): void => {
      const surface = surfaceOf(canvas, theme);
      if (surface) draw(surface);
    };
    const watch = new ResizeObserver(paint);
    watch.observe(canvas);
    paint();
    return () => watch.disconnect();
  }, [draw, theme]);
  return label === undefined ? (
    <canvas ref={place} class={className} aria-hidden="true" />
  ) : (
    <canvas ref={place} class={className} role="img" aria-label={label} />
  );
}

/** Cleared and scaled; undefined while the canvas has no size. */
export function surfaceOf(canvas: HTMLCanvasElement, theme: Theme): Surface | undefined {
  const { clientWidth: width, clientHeight: height } = canvas;
  const context = canvas.getContext('2d');
  if (!context || width === 0 || height === 0) return undefined;
  const scale = devicePixelRatio;
  if (canvas.width !== Math.round(width * scale)) canvas.width = Math.round(width * scale);
  if (canvas.height !== Math.round(height * scale)) canvas.height = Math.round(height * scale);
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  const style = getComputedStyle(canvas);
  return { context, width, height, theme, ink: (name) => style.getPropertyValue(name).trim() };
}
