// Reads YAML manifests, holds every document against the JSON schema of its kind, and writes it as a TypeScript literal for
// the compiler, which also sees fields that no schema forbids: `node kubernetes_manifests.mjs <file.yaml>…`.
import { readFileSync, writeFileSync } from 'node:fs';
import { PrometheusRule } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PrometheusRule';
import { ServiceMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor';
import { Deployment } from 'kubernetes-models/apps/v1/Deployment';
import { CronJob } from 'kubernetes-models/batch/v1/CronJob';
import { ConfigMap } from 'kubernetes-models/v1/ConfigMap';
import { Secret } from 'kubernetes-models/v1/Secret';
import { Service } from 'kubernetes-models/v1/Service';
import { parseAllDocuments } from 'yaml';

const kinds = { ConfigMap, CronJob, Deployment, PrometheusRule, Secret, Service, ServiceMonitor };
const fail = (name, words) => {
  console.log(`${name}: ${words}`);
  process.exitCode = 1;
};

for (const name of process.argv.slice(2)) {
  const documents = parseAllDocuments(readFileSync(name, 'utf8'));
  if (documents.length === 0) fail(name, 'no document');
  documents.forEach((document, index) => {
    document.errors.forEach((error) => fail(name, error.message));
    const manifest = document.toJS() ?? {};
    const kind = kinds[manifest.kind];
    if (kind === undefined) return fail(name, `unknown kind ${manifest.kind}`);
    try {
      new kind(manifest).validate();
    } catch (error) {
      fail(name, error.message);
    }
    writeFileSync(
      `${name}.${index}.ts`,
      `import type { I${manifest.kind} } from './kubernetes_manifests';export const manifest: I${manifest.kind} =\n` +
        `${JSON.stringify(manifest, null, 2)}\n`,
    );
  });
}
