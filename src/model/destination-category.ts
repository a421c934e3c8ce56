/** The destination categories of the API's model, in its order: what `"*"` stands for. */
export const MODELLED_CATEGORIES = [
  'INTRA_AZ',
  'INTER_AZ',
  'INTER_VPC',
  'UNCLASSIFIED',
  'AMAZON_S3',
  'AMAZON_DYNAMODB',
  'INTER_REGION',
] as const;

/**
 * All categories that the service is known to take: those of its model and four that no model has yet. It gains others
 * without notice, so that a category which is not among them is a warning at most.
 */
export const KNOWN_CATEGORIES = [
  ...MODELLED_CATEGORIES,
  'INTERNET',
  'AWS_SERVICE',
  'TRANSIT_GATEWAY',
  'LOCAL_ZONE',
] as const;
