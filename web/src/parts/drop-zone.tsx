/** A place to drop or choose files; also reachable by keyboard, as its button opens the file dialog. */
import type { ComponentChildren } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { filesOfDrop, type NamedFile } from './dropped-files.js';

export interface DropZoneProps {
  onFiles: (files: NamedFile[]) => void;
  /** Words on the button. */
  choose: string;
  accept?: string;
  multiple?: boolean;
  /** The button opens whole folders. */
  folder?: boolean;
  class?: string;
  children?: ComponentChildren;
}

export function DropZone(props: DropZoneProps) {
  const [over, setOver] = useState(false);
  const take = (files: NamedFile[]): void => {
    if (files.length > 0) props.onFiles(files);
  };
  return (
    <div
      class={`drop-zone ${props.class ?? ''} ${over ? 'is-over' : ''}`}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        if (event.dataTransfer) void filesOfDrop(event.dataTransfer).then(take);
      }}
    >
      {props.children}
      <FileButton {...props} onFiles={take} />
    </div>
  );
}

export function FileButton({ choose, onFiles, accept, multiple, folder }: DropZoneProps) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button type="button" class="button button-strong" onClick={() => input.current?.click()}>
        {choose}
      </button>
      <input
        ref={input}
        type="file"
        class="hidden-input"
        tabIndex={-1}
        aria-label={choose}
        accept={accept}
        multiple={multiple === true || folder === true}
        {...(folder === true ? { webkitdirectory: true } : {})}
        onChange={(event) => {
          const files = [...(event.currentTarget.files ?? [])];
          event.currentTarget.value = '';
          onFiles(files.map((file) => ({ file, path: file.webkitRelativePath || file.name })));
        }}
      />
    </>
  );
}
