/** One of a few names, picked by a row of buttons. */
export function Choice<Name extends string>({
  label,
  value,
  choices,
  onPick,
}: {
  label: string;
  value: Name;
  choices: Readonly<Record<Name, string>>;
  onPick: (name: Name) => void;
}) {
  return (
    <fieldset class="choice" aria-label={label}>
      {(Object.keys(choices) as Name[]).map((name) => (
        <button key={name} type="button" aria-pressed={name === value} onClick={() => onPick(name)}>
          {choices[name]}
        </button>
      ))}
    </fieldset>
  );
}
