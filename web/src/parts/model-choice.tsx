/** Which model listens; the server's own choice unless the person has one. */
import { useSession } from '../server/session.js';

export interface ModelChoiceProps {
  value: string | undefined;
  onChange: (model: string | undefined) => void;
}

export function ModelChoice({ value, onChange }: ModelChoiceProps) {
  const { models, defaultModel } = useSession();
  if (models.length < 2) return null;
  return (
    <label class="model-choice">
      Model{' '}
      <select value={value ?? defaultModel?.id ?? ''} onChange={(event) => onChange(event.currentTarget.value)}>
        {models.map(({ id, title }) => (
          <option key={id} value={id}>
            {title}
          </option>
        ))}
      </select>
    </label>
  );
}
