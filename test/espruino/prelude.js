// What the interpreter's Linux build lacks of an ESP32, for tests. Runs on the interpreter before the firmware,
// from flash like it, in the interpreter's dialect. The file `.world` in Storage says what the world is like.
//
// Everything it notes is a line on the console: `@` and a word, then its details. See events.ts.
(() => {
  var world = require('Storage').readJSON('.world', true);
  var loadModule = require;
  var joined, joining;
  var watches = [];
  var levels = {};
  var chipTime = getTime;

  // The clock runs on in deep sleep, also through hours that a test does not wait for.
  global.getTime = () => chipTime() + world.laterS;

  // No prompt and no echo between the lines. Anything typed is run all the same: that is how a finger presses.
  echo(0);

  function sample() {
    print(`@memory ${process.memory().usage}`);
  }

  function sleep(how) {
    sample();
    print(`@sleep ${how}`);
    E.reboot(); // here: ends the process, never returns
  }

  // Its methods, not the object: an object put in its place by boot code does not last (tried).
  I2C1.setup = options => {
    print(`@i2cSetup ${JSON.stringify(options)}`);
  };
  I2C1.writeTo = (address, data) => {
    print(`@i2c ${address} ${btoa(E.toString(data))}`);
    sample();
  };

  global.ESP32 = {
    getWakeupCause: () => world.wakeCause,
    deepSleepExt0: (pin, level) => {
      sleep(`pin ${pin} ${level}`);
    },
    deepSleep: us => {
      sleep(`timer ${us}`);
    },
  };

  // A pin that nobody drives is high: the button has a pull-up.
  global.pinMode = (pin, mode) => {
    print(`@mode ${pin} ${mode}`);
  };
  global.digitalWrite = (pin, level) => {
    levels[pin] = level ? 1 : 0;
    print(`@pin ${pin} ${levels[pin]}`);
  };
  global.digitalRead = pin => (levels[pin] === undefined ? 1 : levels[pin]);
  global.analogRead = pin => world.analog[pin] || 0;
  global.setWatch = (callback, pin, options) => {
    watches.push({ callback: callback, pin: pin, options: options });
    return watches.length;
  };
  // Typed at the console by the runner: a finger goes down, or up.
  global.outside = (pin, level) => {
    var time = getTime();
    if (digitalRead(pin) === level) return;
    levels[pin] = level;
    watches.forEach(watch => {
      var edge = watch.options.edge;
      if (watch.pin === pin && (edge === 'both' || (edge === 'rising') === (level === 1))) {
        setTimeout(() => {
          watch.callback({ state: level === 1, time: time, pin: pin });
        }, watch.options.debounce || 0);
      }
    });
  };

  // The finger that woke the chip is still there.
  if (world.fingerMs > 0) {
    levels[world.buttonPin] = 0;
    setTimeout(() => {
      outside(world.buttonPin, 1);
    }, world.fingerMs);
  }

  var wifi = {
    connect: (ssid, options, callback) => {
      print(`@wifi joining ${JSON.stringify(ssid)}`);
      joined = undefined;
      if (joining !== undefined) clearTimeout(joining);
      joining = setTimeout(() => {
        joining = undefined;
        joined = world.networks.find(
          network => network.ssid === ssid && network.password === (options.password || ''),
        );
        print(`@wifi ${joined ? 'joined' : 'failed'}`);
        callback(joined ? null : 'NO_AP_FOUND');
      }, world.joinMs);
    },
    disconnect: callback => {
      if (joining !== undefined) clearTimeout(joining);
      joining = undefined;
      joined = undefined;
      print('@wifi off');
      if (callback) setTimeout(callback, 0);
    },
    getDetails: () => (joined ? { status: 'connected', ssid: joined.ssid } : { status: 'NO_AP_FOUND' }),
    scan: callback => {
      setTimeout(() => {
        callback(world.networks.map(network => ({ ssid: network.ssid, rssi: -60 })));
      }, world.joinMs);
    },
  };

  function network(name) {
    return {
      connect: (options, callback) => {
        print(`@connect ${name} ${options.host} ${options.port}`);
        sample();
        if (!joined) throw new Error('Not connected to the internet');
        var before = process.memory().usage;
        var socket = loadModule(name).connect(options, callback);
        // Here TLS keeps its buffers among the variables; the ESP32 build has them on the chip's heap.
        print(`@socket ${process.memory().usage - before}`);
        return socket;
      },
    };
  }

  // Signatures are checked with a whole message in memory: a good place to look for the peak.
  var crypto = {
    SHA256: data => {
      sample();
      return loadModule('crypto').SHA256(data);
    },
  };

  // As are the texts that go to flash. The runner reads the files with this too.
  var flash = loadModule('Storage');
  var storage = {
    list: pattern => flash.list(pattern),
    read: name => flash.read(name),
    readJSON: (name, noExceptions) => flash.readJSON(name, noExceptions),
    write: (name, data) => {
      sample();
      print(`@write ${name}`);
      return flash.write(name, data);
    },
  };

  var standIns = { Storage: storage, Wifi: wifi, net: network('net'), tls: network('tls'), crypto: crypto };
  global.require = name => standIns[name] || loadModule(name);

  // The Linux build ends when no timer is left; a chip does not.
  setInterval(sample, world.sampleMs);
  sample();
})();
