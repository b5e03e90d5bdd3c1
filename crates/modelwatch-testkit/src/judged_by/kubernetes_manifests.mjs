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
import Ajv from 'ajv';
import { parse, parseAllDocuments } from 'yaml';

// A kind that no package has: its definition as the operator publishes it, closed wherever it does not say what else there may be.
function custom(file) {
  const definition = parse(readFileSync(file, 'utf8'));
  const { name, group, versions } = { ...definition.spec, name: definition.spec.names.kind };
  const version = versions.find((version) => version.storage);
  const close = (schema) => {
    if (schema.properties !== undefined && schema.additionalProperties === undefined && !schema['x-kubernetes-preserve-unknown-fields']) {
      schema.additionalProperties = false;
    }
    const parts = [schema.items, schema.additionalProperties, ...Object.values(schema.properties ?? {})];
    parts.filter((part) => part instanceof Object).forEach(close);
    return schema;
  };
  const schema = close(version.schema.openAPIV3Schema);
  // What every object has is of Kubernetes itself.
  schema.properties.metadata = { type: 'object', required: ['name'] };
  const valid = new Ajv({ strict: false, validateFormats: false }).compile(schema);
  return class {
    constructor(manifest) {
      this.manifest = manifest;
    }
    validate() {
      if (this.manifest.apiVersion !== `${group}/${version.name}`) throw new Error(`${name}: apiVersion ${this.manifest.apiVersion}`);
      if (!valid(this.manifest)) throw new Error(JSON.stringify(valid.errors));
    }
  };
}

const PersesDashboard = custom('perses_dashboards.crd.yaml');
const kinds = { ConfigMap, CronJob, Deployment, PersesDashboard, PrometheusRule, Secret, Service, ServiceMonitor };
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
    // Its definition is closed already.
    if (kind === PersesDashboard) return;
    writeFileSync(
      `${name}.${index}.ts`,
      `import type { I${manifest.kind} } from './kubernetes_manifests';export const manifest: I${manifest.kind} =\n` +
        `${JSON.stringify(manifest, null, 2)}\n`,
    );
  });
}
