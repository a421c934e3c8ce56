import { createTheme, type DataFrame, type GrafanaTheme2, ThemeContext } from '@grafana/data';
import { GlobalStyles, PanelChrome } from '@grafana/ui';
import { createRoot } from 'react-dom/client';
import { MemoryRouter } from 'react-router-dom';
import type { AnsweredPanel, PageInput } from '../panel-data.ts';
import { framesOf } from './frames.ts';
import { Content } from './panels.tsx';

declare global {
  interface Window {
    /** Draws panels side by side, each in its size on a dashboard. Resolves when their data is transformed. */
    drawPanels(input: PageInput): Promise<void>;
  }
}

/** Of Grafana's grid: columns, pixels of a row's height, and of the gap between panels. */
const COLUMNS = 24;
const ROW = 30;
const GAP = 8;

window.drawPanels = async ({ panels, from, to }) => {
  const theme = createTheme({ colors: { mode: 'dark' } });
  const drawn = await Promise.all(
    panels.map(async (answered) => ({ answered, frames: await framesOf(answered, theme) })),
  );
  document.body.style.margin = '0';
  const root = document.createElement('div');
  document.body.append(root);
  createRoot(root).render(
    <ThemeContext.Provider value={theme}>
      <GlobalStyles />
      <MemoryRouter>
        <div
          style={{
            display: 'flex',
            flexWrap: 'wrap',
            gap: GAP,
            padding: GAP,
            background: theme.colors.background?.canvas,
          }}
        >
          {drawn.map(({ answered, frames }) => (
            <Framed key={answered.panel.id} answered={answered} frames={frames} theme={theme} from={from} to={to} />
          ))}
        </div>
      </MemoryRouter>
    </ThemeContext.Provider>,
  );
};

interface FramedProps {
  readonly answered: AnsweredPanel;
  readonly frames: DataFrame[];
  readonly theme: GrafanaTheme2;
  readonly from: number;
  readonly to: number;
}

function Framed({ answered, ...props }: FramedProps) {
  const { title, gridPos, description = '', type } = answered.panel;
  const column = (document.documentElement.clientWidth - GAP) / COLUMNS;
  return (
    <PanelChrome
      title={title}
      description={description}
      width={gridPos.w * column - GAP}
      height={gridPos.h * (ROW + GAP) - GAP}
      padding={type === 'table' ? 'none' : 'md'}
    >
      {(width, height) => <Content answered={answered} {...props} width={width} height={height} />}
    </PanelChrome>
  );
}
