/** The frame of the page: where to go, whether the server is there, and the view that is open. */
import { ApiView } from '../api/api-view.js';
import { ArchivesView } from '../archives/archives-view.js';
import { ClassifyView } from '../classify/classify-view.js';
import { ClipsProvider } from '../classify/clips.js';
import { EvaluateView } from '../evaluate/evaluate-view.js';
import { ListenView } from '../listen/listen-view.js';
import { OperateView } from '../operate/operate-view.js';
import { PaletteProvider } from '../labels/use-palette.js';
import { SessionProvider, useSession } from '../server/session.js';
import { KeyGate } from './key-gate.js';
import { linkTo, useRoute, type Route, type ViewName } from './route.js';
import { toggleTheme, useTheme } from './theme.js';

const views: readonly (readonly [view: ViewName, title: string, icon: string])[] = [
  ['classify', 'Classify', 'M4 10v4M8 6v12M12 3v18M16 7v10M20 10v4'],
  ['listen', 'Listen', 'M12 3a3 3 0 0 1 3 3v6a3 3 0 0 1-6 0V6a3 3 0 0 1 3-3ZM5 11.5a7 7 0 0 0 14 0M12 18.5V22'],
  ['archives', 'Archives', 'M3 5h18v4H3zM5 9v10h14V9M10 13h4'],
  ['evaluate', 'Evaluate', 'M4 4v16h16M8 15l4-5 3 3 5-7'],
  ['operate', 'Operate', 'M4 7h10M18 7h2M4 17h2M10 17h10M14 4.5v5M6 14.5v5'],
  ['api', 'API', 'M8 7l-5 5 5 5M16 7l5 5-5 5M13.5 4l-3 16'],
];

export function Page() {
  return (
    <SessionProvider>
      <PaletteProvider>
        <ClipsProvider>
          <Frame />
        </ClipsProvider>
      </PaletteProvider>
    </SessionProvider>
  );
}

function Frame() {
  const route = useRoute();
  const { connection } = useSession();
  return (
    <>
      <a class="skip" href="#main" onClick={skipToMain}>
        Skip to the content
      </a>
      <header class="top">
        <a class="wordmark" href="#/" aria-label="Timbre, first page">
          timbre
        </a>
        <nav class="views" aria-label="Views">
          {views.map(([view, title, icon]) => (
            <a key={view} href={linkTo({ view })} aria-current={route.view === view ? 'page' : undefined}>
              <svg viewBox="0 0 24 24" aria-hidden="true">
                <path d={icon} />
              </svg>
              {title}
            </a>
          ))}
        </nav>
        <ThemeButton />
      </header>
      <ConnectionNote />
      <main id="main" tabIndex={-1}>
        {connection === 'needsKey' ? <KeyGate /> : <View route={route} />}
      </main>
    </>
  );
}

/** The address after `#` names the view, so the usual link to an anchor would leave it. */
function skipToMain(event: Event): void {
  event.preventDefault();
  document.getElementById('main')?.focus();
}

function View({ route }: { route: Route }) {
  switch (route.view) {
    case 'listen':
      return <ListenView />;
    case 'archives':
      return <ArchivesView id={route.id} />;
    case 'evaluate':
      return <EvaluateView id={route.id} />;
    case 'operate':
      return <OperateView />;
    case 'api':
      return <ApiView />;
    case 'classify':
      return <ClassifyView id={route.id} />;
  }
}

function ThemeButton() {
  const dark = useTheme() === 'dark';
  return (
    <button
      type="button"
      class="icon-button"
      onClick={toggleTheme}
      aria-label={dark ? 'Light colours' : 'Dark colours'}
    >
      <svg viewBox="0 0 24 24" aria-hidden="true">
        <path
          d={
            dark
              ? 'M12 7.500a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9ZM12 2v2.500M12 19.500V22M2 12h2.500M19.5 12H22M5 5l1.8 1.800M17.2 17.2 19 19M19 5l-1.8 1.800M6.8 17.2 5 19'
              : 'M20 14.500A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.500Z'
          }
        />
      </svg>
    </button>
  );
}

function ConnectionNote() {
  const { connection, visits } = useSession();
  if (connection !== 'away') return null;
  return (
    <p class="away" role="alert">
      {visits === 0 ? 'The server does not answer.' : 'The server went away.'} Trying again every second; what is open
      stays open.
    </p>
  );
}
