/** Every kind of view, usual and extreme: each has a golden frame under frames/. */
import type { View } from '../../firmware/src/view.ts';
import {
  maxAddressLength,
  maxClusterLength,
  maxLineLength,
  maxPhaseLength,
} from '../../protocol/src/messages.ts';

/** The widest text of so many characters. */
export const wide = (length: number) => 'W'.repeat(length);

const button = 'cloud-01';
const cluster = 'cloud-01-17';
const longCluster = 'a-cluster-with-a-name-of-forty-six-characters1';
const building = { kind: 'building', cluster } as const;
const error = { kind: 'error' } as const;

/** Not a QR code, but as busy as one: 29 × 29 modules. */
const busyBitmap = Array.from({ length: 106 }, (_, i) => String.fromCharCode((i * 89 + 37) & 255)).join('');

export const views: Record<string, View> = {
  'idle-battery-full': { kind: 'idle', button, detail: 'press to build', batteryMv: 4150 },
  idle: { kind: 'idle', button, detail: 'press to build' },
  'idle-released': { kind: 'idle', button, title: 'RELEASED', detail: 'cloud-01-17 is gone' },
  'idle-release': { kind: 'idle', button, title: 'RELEASE?', detail: 'press to give cloud-01-17 back' },
  'idle-longest': { kind: 'idle', button, detail: `${wide(maxClusterLength)} released` },
  'connecting-hotspot': {
    kind: 'connecting',
    button,
    hop: 'hotspot',
    detail: "Ada's phone",
    batteryMv: 3800,
  },
  'connecting-relay': { kind: 'connecting', button, hop: 'relay', detail: '' },
  'connecting-lab': { kind: 'connecting', button, hop: 'lab', detail: 'press 17', batteryMv: 3550 },
  'connecting-longest': { kind: 'connecting', button: wide(40), hop: 'hotspot', detail: wide(32) },
  'building-0-no-estimate': { ...building, phase: 'accepted', percent: 0, leftS: -1 },
  'building-1': { ...building, phase: 'cluster is listed', percent: 1, leftS: 5395 },
  'building-50': {
    ...building,
    phase: 'creating nodes, 2 of 3 ready',
    percent: 50,
    leftS: 170,
    batteryMv: 3900,
  },
  'building-99': { ...building, phase: 'installing the network', percent: 99, leftS: 42 },
  'building-100': { ...building, phase: 'asking its API server', percent: 100, leftS: 0 },
  'building-hours': { ...building, phase: 'waiting for room', percent: 3, leftS: 7300 },
  'building-longest': {
    kind: 'building',
    cluster: longCluster,
    phase: 'waiting for the load balancer of ingress'.slice(0, maxPhaseLength),
    percent: 100,
    leftS: 5399,
  },
  ready: { kind: 'ready', cluster, address: '10.10.20.31', note: 'control plane' },
  'ready-port': { kind: 'ready', cluster, address: '10.10.20.31:6443', note: 'control plane' },
  'ready-longest-ip': { kind: 'ready', cluster, address: '192.168.200.254:6443', note: 'control plane' },
  'ready-name': { kind: 'ready', cluster, address: 'k8s.lab.corp:6443', note: 'control plane' },
  'ready-eks': {
    kind: 'ready',
    cluster: longCluster,
    address: '0123456789abcdef0123456789abcdef.gr7.eu-west-1.eks.amazonaws.com',
    note: 'control plane',
  },
  'ready-widest': {
    kind: 'ready',
    cluster: wide(maxClusterLength),
    address: wide(maxAddressLength),
    note: wide(maxPhaseLength),
  },
  'ready-warning': { kind: 'ready', cluster, address: '10.10.20.31', note: 'given back in 25 min' },
  'ready-no-address': { kind: 'ready', cluster, address: '', note: 'control plane' },
  'qr-21': { kind: 'qr', side: 21, bitmap: busyBitmap, text: 'house-01-17' },
  qr: { kind: 'qr', side: 29, bitmap: busyBitmap, text: 'scan for the API of cloud-01-17' },
  'qr-25': { kind: 'qr', side: 25, bitmap: busyBitmap, text: 'scan me' },
  'error-hotspot': {
    ...error,
    code: 'HOTSPOT',
    line: 'No known network in range',
    advice: "Open the phone's hotspot page",
  },
  'error-lab': { ...error, code: 'LAB', line: 'LAB offline', advice: 'Start the provisioner' },
  'error-platform': {
    ...error,
    code: 'PLATFORM',
    line: "No room: pool 'lab' needs 24 vCPU and 96 GB, it has 8 vCPU and 12 GB left today.",
    advice: 'Ask the lab, press again',
  },
  'error-battery': { ...error, code: 'BATTERY', line: '3.41 V', advice: 'Charge the battery' },
  'error-no-texts': { ...error, code: 'KEY', line: '', advice: '' },
  'error-widest': { ...error, code: 'PLATFORM', line: wide(maxLineLength), advice: wide(40) },
  'all-characters-1': {
    ...error,
    code: 'QUOTA',
    line: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ abcdefghijklmnopqrstuvwxyz',
    advice: '0123456789',
  },
  'all-characters-2': {
    ...error,
    code: 'DEVICE',
    line: '! " # $ % & \' ( ) * + , - . / : ; < = > ? @ [ \\ ] ^ _ ` { | } ~',
    advice: 'The quick brown fox jumps over the lazy dog',
  },
};
