// The shape of a dashboard as Grafana publishes it, closed: for each kind of panel that we use, the compiler knows every
// option and every property of a field, so that what Grafana would silently ignore is an error here.
import type { AnnotationQuery, Dashboard as AnyDashboard, DataSourceRef, FieldConfig, Panel, RowPanel, TableFieldOptions } from '@grafana/schema';
import type { Options as BarGauge } from '@grafana/schema/dist/esm/raw/composable/bargauge/panelcfg/x/BarGaugePanelCfg_types.gen';
import type { Options as Heatmap, FieldConfig as HeatmapField } from '@grafana/schema/dist/esm/raw/composable/heatmap/panelcfg/x/HeatmapPanelCfg_types.gen';
import type { Options as Stat } from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type { Options as StateTimeline, FieldConfig as StateTimelineField } from '@grafana/schema/dist/esm/raw/composable/statetimeline/panelcfg/x/StateTimelinePanelCfg_types.gen';
import type { Options as Table } from '@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen';
import type { Options as TimeSeries, FieldConfig as TimeSeriesField } from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';
import type { Dataquery } from '@grafana/grafana-foundation-sdk/prometheus';

// JSON has no enums: each stands for its value.
type Plain<T> = T extends string
  ? string extends T ? T : `${T}`
  : T extends number
    ? number extends T ? T : `${T}` extends `${infer N extends number}` ? N : never
    : T extends (infer U)[] ? Plain<U>[]
      : T extends object ? { [K in keyof T]: Plain<T[K]> } : T;

// Queries, as the Prometheus data source reads them.
type Query = Omit<Dataquery, '_implementsDataqueryVariant' | 'refId' | 'datasource'> & { refId: string; datasource: DataSourceRef };

type Link = { title: string; url: string; targetBlank?: boolean };
type Property<Custom> =
  | { [K in keyof Custom & string]: { id: `custom.${K}`; value: Custom[K] } }[keyof Custom & string]
  | { id: 'unit'; value: string }
  | { id: 'decimals'; value: number }
  | { id: 'color'; value: NonNullable<FieldConfig['color']> }
  | { id: 'thresholds'; value: NonNullable<FieldConfig['thresholds']> }
  | { id: 'links'; value: Link[] };
type Field<Custom> = {
  defaults: Omit<FieldConfig, 'custom' | 'links'> & { custom: Custom; links?: Link[] };
  overrides: { matcher: { id: 'byName'; options: string }; properties: Property<Custom>[] }[];
};
type Transformation =
  | { id: 'merge'; options: Record<string, never> }
  | {
      id: 'organize';
      options: { excludeByName: Record<string, boolean>; indexByName: Record<string, number>; renameByName: Record<string, string> };
    };
type Chart<Type extends string, Options, Custom> = Required<Pick<Panel, 'id' | 'title' | 'description' | 'gridPos' | 'datasource'>> &
  Pick<Panel, 'links'> & {
  type: Type;
  options: Options;
  fieldConfig: Field<Custom>;
  targets: Query[];
  transformations?: Transformation[];
};
type AnyChart =
  | Chart<'stat', Stat, Record<string, never>>
  | Chart<'timeseries', TimeSeries, TimeSeriesField>
  | Chart<'heatmap', Heatmap, HeatmapField>
  | Chart<'table', Table, TableFieldOptions>
  | Chart<'bargauge', BarGauge, Record<string, never>>
  | Chart<'state-timeline', StateTimeline, StateTimelineField>;
type Row = Omit<RowPanel, 'panels' | 'gridPos'> & { gridPos: NonNullable<RowPanel['gridPos']>; panels: AnyChart[] };

// The Prometheus data source reads these four of an annotation itself.
type Annotation = Required<Pick<AnnotationQuery, 'datasource' | 'enable' | 'hide' | 'iconColor' | 'name'>> & {
  target: { refId: string; expr: string; interval: string; legendFormat: string };
  titleFormat: string;
  textFormat: string;
  tagKeys: string;
  useValueForTime: boolean;
};

type VariableModel = NonNullable<NonNullable<AnyDashboard['templating']>['list']>[number];
type Variable =
  | (Omit<VariableModel, 'type' | 'query'> & { type: 'datasource'; query: string })
  | (Omit<VariableModel, 'type' | 'query'> & {
      type: 'query';
      query: { qryType: number; query: string; refId: string };
      // What the query editor shows; older than the schema.
      definition: string;
    });

export type Dashboard = Plain<
  Omit<AnyDashboard, 'panels' | 'annotations' | 'templating'> & {
    panels: (AnyChart | Row)[];
    annotations: { list: Annotation[] };
    templating: { list: Variable[] };
  }
>;
