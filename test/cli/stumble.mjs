// Loaded before the provisioner in operator-stop.test.ts: a mistake at a moment of the test's choosing.
process.on('SIGUSR2', () => {
  if (process.env.STUMBLE === 'reject') void Promise.reject(new Error('nobody catches this'));
  else throw new Error('nobody catches this');
});
