/**
 * The palette of Okabe and Ito: eight colors that people with any kind of color blindness can distinguish
 * (https://jfly.uni-koeln.de/color/). Gray replaces black, which is invisible in a dark theme.
 */
export const COLORS = {
  orange: '#E69F00',
  sky: '#56B4E9',
  green: '#009E73',
  yellow: '#F0E442',
  blue: '#0072B2',
  vermillion: '#D55E00',
  purple: '#CC79A7',
  grey: '#999999',
} as const;
