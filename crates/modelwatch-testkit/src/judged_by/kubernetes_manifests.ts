export type { IPrometheusRule } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PrometheusRule';
export type { IServiceMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor';
export type { IConfigMap } from 'kubernetes-models/v1/ConfigMap';
export type { IDeployment } from 'kubernetes-models/apps/v1/Deployment';
export type { ICronJob } from 'kubernetes-models/batch/v1/CronJob';
export type { ISecret } from 'kubernetes-models/v1/Secret';
export type { IService } from 'kubernetes-models/v1/Service';
