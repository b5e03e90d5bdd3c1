// The shape of a dashboard as Perses publishes it, closed: for each plugin that we use, the compiler knows every setting, so that
// what Perses would refuse or silently ignore is an error here.
import type {
  DashboardResource,
  DashboardSpec,
  DatasourceResource,
  Link,
  ListVariableSpec,
  PanelDisplay,
  ProjectResource,
} from '@perses-dev/core';
import type { BarChartOptions } from '@perses-dev/bar-chart-plugin';
import type { PrometheusDatasourceSpec } from '@perses-dev/prometheus-plugin';
import type { PrometheusTimeSeriesQuerySpec } from '@perses-dev/prometheus-plugin/lib/plugins/prometheus-time-series-query/time-series-query-model';
import type { PrometheusLabelValuesVariableOptions } from '@perses-dev/prometheus-plugin/lib/plugins/types';
import type { StatChartOptions } from '@perses-dev/stat-chart-plugin';
import type { StatusHistoryChartOptions } from '@perses-dev/status-history-chart-plugin';
import type { TableOptions } from '@perses-dev/table-plugin';
import type { TimeSeriesChartOptions } from '@perses-dev/timeseries-chart-plugin';

type Plugin<Kind extends string, Spec> = { kind: Kind; spec: Spec };
type Visual =
  | Plugin<'BarChart', BarChartOptions>
  | Plugin<'StatChart', StatChartOptions>
  | Plugin<'StatusHistoryChart', StatusHistoryChartOptions>
  | Plugin<'Table', TableOptions>
  | Plugin<'TimeSeriesChart', TimeSeriesChartOptions>;
type Query = Plugin<'TimeSeriesQuery', { plugin: Plugin<'PrometheusTimeSeriesQuery', PrometheusTimeSeriesQuerySpec> }>;
type Panel = Plugin<'Panel', { display: PanelDisplay; plugin: Visual; queries: Query[]; links?: Link[] }>;
type Variable = Plugin<
  'ListVariable',
  Omit<ListVariableSpec, 'plugin'> & { plugin: Plugin<'PrometheusLabelValuesVariable', PrometheusLabelValuesVariableOptions> }
>;

type Dashboard = Omit<DashboardResource, 'spec'> & {
  spec: Omit<DashboardSpec, 'panels' | 'variables'> & { panels: Record<string, Panel>; variables: Variable[] };
};
type Datasource = Omit<DatasourceResource, 'spec'> & {
  spec: { default: boolean; plugin: Plugin<'PrometheusDatasource', PrometheusDatasourceSpec> };
};
export type Resource = Dashboard | Datasource | ProjectResource;
