{{- define "nfm-exporter.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "nfm-exporter.fullname" -}}
{{- $name := include "nfm-exporter.name" . }}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else if contains $name .Release.Name }}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{/* Immutable in a Deployment: never add to these. */}}
{{- define "nfm-exporter.selectorLabels" -}}
app.kubernetes.io/name: {{ include "nfm-exporter.name" . }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{- define "nfm-exporter.podLabels" -}}
{{- $own := dict "app.kubernetes.io/version" .Chart.AppVersion "app.kubernetes.io/part-of" "network-flow-monitor" }}
{{- merge (include "nfm-exporter.selectorLabels" . | fromYaml) $own .Values.podLabels .Values.commonLabels | toYaml }}
{{- end }}

{{/* Labels of all objects. Takes a list: the context, and more labels of the object. */}}
{{- define "nfm-exporter.labels" -}}
{{- $top := index . 0 }}
{{- $own := dict "app.kubernetes.io/version" $top.Chart.AppVersion "app.kubernetes.io/part-of" "network-flow-monitor" "app.kubernetes.io/managed-by" $top.Release.Service "helm.sh/chart" (printf "%s-%s" $top.Chart.Name $top.Chart.Version | replace "+" "_") }}
{{- merge (include "nfm-exporter.selectorLabels" $top | fromYaml) $own (index . 1) $top.Values.commonLabels | toYaml }}
{{- end }}

{{- define "nfm-exporter.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "nfm-exporter.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "nfm-exporter.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end }}
{{- end }}

{{/* Empty, or with a slash at the start and without one at the end. */}}
{{- define "nfm-exporter.routePrefix" -}}
{{- $path := .Values.web.routePrefix | default (get (urlParse .Values.web.externalUrl) "path") | trimAll "/" }}
{{- if $path }}/{{ $path }}{{ end }}
{{- end }}

{{- define "nfm-exporter.metricsPath" -}}
{{- $path := dig "web" "telemetryPath" "/metrics" .Values.config }}
{{- .Values.serviceMonitor.path | default (printf "%s%s" (include "nfm-exporter.routePrefix" .) $path) }}
{{- end }}

{{- define "nfm-exporter.configFlag" -}}
--config.file=/etc/nfm-exporter/{{ if or .Values.existingConfig.configMap .Values.existingConfig.secret }}{{ .Values.existingConfig.key }}{{ else }}nfm-exporter.yml{{ end }}
{{- end }}

{{/* Not empty if the exporters share a storage. */}}
{{- define "nfm-exporter.sharedStorage" -}}
{{- $storage := .Values.config.storage | default dict }}
{{- if or $storage.dynamodb $storage.postgresql }}true{{ end }}
{{- end }}

{{/* Not empty if there are several exporters. */}}
{{- define "nfm-exporter.hasReplicas" -}}
{{- if gt (int .Values.replicaCount) 1 }}true{{ end }}
{{- end }}

{{/* The configuration, without the path of the default if the exporters share a storage. */}}
{{- define "nfm-exporter.config" -}}
{{- $config := deepCopy .Values.config }}
{{- if include "nfm-exporter.sharedStorage" . }}
{{- $_ := unset $config.storage "path" }}
{{- end }}
{{- toYaml $config }}
{{- end }}

{{/* Flags that the exporter, its health check, and the test share. */}}
{{- define "nfm-exporter.webFlags" -}}
{{- with .Values.web }}
{{- if .configSecret }}
- --web.config.file=/etc/nfm-exporter-web/{{ .configKey }}
{{- end }}
{{- with .routePrefix }}
- --web.route-prefix={{ . }}
{{- end }}
{{- with .externalUrl }}
- --web.external-url={{ . }}
{{- end }}
{{- end }}
{{- end }}

{{/* Takes a list: the context, the endpoint (healthy or ready), and the settings of the probe. */}}
{{- define "nfm-exporter.probe" -}}
{{- $top := index . 0 }}
{{- if $top.Values.web.clientCertificateRequired }}
exec:
  command:
    - node
    - /app/dist/main.js
    - healthcheck
    {{- if eq (index . 1) "ready" }}
    - --ready
    {{- end }}
    - {{ include "nfm-exporter.configFlag" $top }}
    {{- with include "nfm-exporter.webFlags" $top | trim }}
    {{- . | nindent 4 }}
    {{- end }}
{{- else }}
httpGet:
  path: {{ include "nfm-exporter.routePrefix" $top }}/-/{{ index . 1 }}
  port: metrics
  {{- if $top.Values.web.tls }}
  scheme: HTTPS
  {{- end }}
{{- end }}
{{ toYaml (index . 2) }}
{{- end }}

{{/* The volume with the web configuration and the certificates. */}}
{{- define "nfm-exporter.webVolume" -}}
name: web-config
projected:
  # Readable by the group of the pod's security context, which is the exporter's.
  defaultMode: 0440
  sources:
    - secret: { name: {{ .Values.web.configSecret | quote }} }
    {{- with .Values.web.tlsSecret }}
    - secret: { name: {{ . | quote }} }
    {{- end }}
{{- end }}
