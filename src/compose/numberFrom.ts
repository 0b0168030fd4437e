import process from 'node:process';

/** A number of the environment that is not negative, or else `fallback`. */
export const numberFrom = (name: string, fallback: number): number => {
  const value = Number(process.env[name]);
  return process.env[name] !== undefined && Number.isFinite(value) && value >= 0 ? value : fallback;
};
