// Draws one dashboard with Perses' own components, from a Prometheus: `window.board` is the dashboard as it is generated, and
// `window.prometheus` the server's URL; `window.range` and `window.theme` may say another time range and `dark`. What each panel came to is then in `document.body.dataset.panels`.
import { ThemeProvider } from '@mui/material';
import { ChartsProvider, SnackbarProvider, generateChartsTheme, getTheme } from '@perses-dev/components';
import type { DashboardResource, GlobalDatasourceResource } from '@perses-dev/core';
import { Dashboard, DashboardProvider, DatasourceStoreProvider, VariableList, VariableProvider } from '@perses-dev/dashboards';
import { PluginRegistry, TimeRangeProvider, ValidationProvider, dynamicImportPluginLoader } from '@perses-dev/plugin-system';
import * as bars from '@perses-dev/bar-chart-plugin';
import * as prometheus from '@perses-dev/prometheus-plugin';
import * as stat from '@perses-dev/stat-chart-plugin';
import * as history from '@perses-dev/status-history-chart-plugin';
import * as table from '@perses-dev/table-plugin';
import * as lines from '@perses-dev/timeseries-chart-plugin';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { getInstanceByDom } from 'echarts/core';
import { createRoot } from 'react-dom/client';
import { MemoryRouter } from 'react-router-dom';
import { useState } from 'react';

declare global {
  interface Window {
    board: DashboardResource;
    prometheus: string;
    range?: string;
    theme?: 'light' | 'dark';
  }
}

const datasource: GlobalDatasourceResource = {
  kind: 'GlobalDatasource',
  metadata: { name: 'prometheus' },
  spec: { default: true, plugin: { kind: 'PrometheusDatasource', spec: { directUrl: window.prometheus, scrapeInterval: '1s' } } },
};
const datasources = {
  getDatasource: async () => undefined,
  getGlobalDatasource: async () => datasource,
  listDatasources: async () => [],
  listGlobalDatasources: async () => [datasource],
  buildProxyUrl: () => window.prometheus,
};
const plugins = dynamicImportPluginLoader(
  [bars, prometheus, stat, history, table, lines].map((plugin) => ({
    resource: plugin.getPluginModule(),
    importPlugin: async () => plugin,
  })),
);
const theme = getTheme(window.theme ?? 'light', { shape: { borderRadius: 6 } });
document.body.style.background = theme.palette.background.default;
document.body.style.color = theme.palette.text.primary;
const queries = new QueryClient({ defaultOptions: { queries: { refetchOnWindowFocus: false, retry: 0 } } });

function Page() {
  const [timeRange, setTimeRange] = useState({ pastDuration: window.range ?? window.board.spec.duration } as never);
  return (
    <TimeRangeProvider timeRange={timeRange} setTimeRange={setTimeRange as never} refreshInterval="0s" setRefreshInterval={() => undefined}>
      <VariableProvider initialVariableDefinitions={window.board.spec.variables}>
        <DatasourceStoreProvider dashboardResource={window.board} datasourceApi={datasources as never}>
          <DashboardProvider initialState={{ dashboardResource: window.board }}>
            <h1>{window.board.spec.display?.name}</h1>
            <div className="variables">
              <VariableList />
            </div>
            <Dashboard />
          </DashboardProvider>
        </DatasourceStoreProvider>
      </VariableProvider>
    </TimeRangeProvider>
  );
}

createRoot(document.getElementById('root')!).render(
  <MemoryRouter>
    <QueryClientProvider client={queries}>
      <ThemeProvider theme={theme}>
        <ChartsProvider chartsTheme={generateChartsTheme(theme, {})}>
          <SnackbarProvider anchorOrigin={{ vertical: 'bottom', horizontal: 'right' }} variant="default" content="">
            <PluginRegistry pluginLoader={plugins} defaultPluginKinds={{ Panel: 'TimeSeriesChart', TimeSeriesQuery: 'PrometheusTimeSeriesQuery' }}>
              <ValidationProvider>
                <Page />
              </ValidationProvider>
            </PluginRegistry>
          </SnackbarProvider>
        </ChartsProvider>
      </ThemeProvider>
    </QueryClientProvider>
  </MemoryRouter>,
);

type Drawn = { series?: { id?: unknown; data?: unknown[]; datasetIndex?: number }[]; dataset?: { source?: [unknown, unknown][] }[] };

// How many points the charts of an element draw, as the library that drew them says; the lines of limits are no points.
function points(charts: Element[]): number {
  let count = 0;
  for (const chart of charts) {
    const { series = [], dataset = [] } = (getInstanceByDom(chart as HTMLElement)?.getOption() ?? {}) as Drawn;
    for (const { id, data, datasetIndex } of series) {
      if (String(id).startsWith('Threshold ')) continue;
      const source = dataset[datasetIndex ?? 0]?.source ?? [];
      count += (data?.length ?? 0) + source.filter(([, value]) => typeof value === 'number').length;
    }
  }
  return count;
}

setInterval(() => {
  const panels = [...document.querySelectorAll('[data-testid="panel"]')].map((panel) => {
    const charts = [...panel.querySelectorAll('[_echarts_instance_]')];
    return {
      title: panel.querySelector('[id$="-title"], h2, h6')?.textContent ?? '',
      error: panel.querySelector('[role="alert"]')?.textContent ?? '',
      waits: panel.querySelector('[role="progressbar"], .MuiSkeleton-root') !== null,
      charts: charts.length,
      points: points(charts),
      rows: panel.querySelectorAll('tbody tr').length,
      text: (panel as HTMLElement).innerText,
    };
  });
  document.body.dataset.panels = JSON.stringify(panels);
}, 250);
