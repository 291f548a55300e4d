/** Where the demo's cloud button may order: EKS through the container platform, or Cluster API. */
export const clouds = ['eks', 'cluster-api'] as const;
export type Cloud = (typeof clouds)[number];
