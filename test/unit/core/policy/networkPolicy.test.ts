import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { allowsAddress, allowsHost, isOwnAddress, parseHostRule, saidOf } from '../../../../src/core/policy/networkPolicy.ts';

const passing = (rules: string[], ...places: [host: string, port: number][]): boolean[] =>
  places.map(([host, port]) => allowsHost(rules, host, port));

describe('Hosts that commands may reach', () => {
  it('are the host itself on the usual ports, whatever the case', () => {
    const places: [string, number][] = [
      ['packages.example.org', 443],
      ['Packages.EXAMPLE.org.', 80],
      ['packages.example.org', 22],
      ['evil.packages.example.org', 443],
      ['packages.example.org.evil.example', 443],
    ];
    assert.deepEqual(passing(['packages.example.org'], ...places), [true, true, false, false, false]);
  });

  it('with a port only on that one', () => {
    assert.deepEqual(passing(['db.example.com:5432'], ['db.example.com', 5432], ['db.example.com', 443]), [true, false]);
  });

  it('of a pattern are those below it, and never this machine or an address', () => {
    assert.deepEqual(passing(['*.example.com'], ['a.example.com', 443], ['a.b.example.com', 443], ['example.com', 443]), [
      true,
      true,
      false,
    ]);
    const places: [string, number][] = ['localhost', 'x.localhost', '127.0.0.1', '10.0.0.1', '169.254.169.254', '::1'].map((host) => [
      host,
      80,
    ]);
    assert.deepEqual(passing(['*', '*:80'], ...places), [false, false, false, false, false, false]);
    assert.deepEqual(passing(['10.0.0.1', 'localhost:80', '[::1]:80'], ...places), [true, false, false, true, false, true]);
  });

  it('are what a rule can say and nothing else', () => {
    assert.deepEqual(
      [
        'example.com',
        '[::1]:80',
        'a b',
        'https://example.com',
        'example.com/x',
        'me@example.com',
        'example.com:0',
        'example.com:70000',
        '',
      ].map((text) => parseHostRule(text) !== null),
      [true, true, false, false, false, false, false, false, false],
    );
  });

  it('hold for what the server fetches by the address', () => {
    const addresses = [
      'https://docs.example.com/a?b#c',
      'http://docs.example.com',
      'https://docs.example.com:8443/',
      'https://docs.example.com@evil.example/',
      'https://evil.example/#@docs.example.com',
      'https://evil.example\\@docs.example.com/',
      'file:///etc/passwd',
      '*',
    ];
    assert.deepEqual(
      addresses.map((address) => allowsAddress(['docs.example.com'], address)),
      [true, true, false, false, false, false, false, false],
    );
  });

  it('know all addresses of this machine, its link and its provider', () => {
    const own = ['127.0.0.1', '127.8.8.8', '0.0.0.0', '169.254.169.254', '::1', '::', 'fe80::1', '::ffff:127.0.0.1', '::ffff:7f00:1'];
    const ofItsProvider = ['100.100.100.200', '168.63.129.16', '192.0.0.192', 'fd00:ec2::254', 'fd20:ce::254'];
    const translated = ['64:ff9b::7f00:1', '64:ff9b::a9fe:a9fe', '64:ff9b::1'];
    assert.deepEqual(
      [...own, ...ofItsProvider, ...translated, '10.0.0.1', '8.8.8.8', '2606:4700::1111', '64:ff9b::808:808'].filter(
        (address) => !isOwnAddress(address),
      ),
      ['10.0.0.1', '8.8.8.8', '2606:4700::1111', '64:ff9b::808:808'],
    );
  });

  it('are also those a person allowed, and the last word counts', () => {
    const rule = (pattern: string, action: 'allow' | 'deny') => ({ permission: 'network', pattern, action });
    assert.deepEqual(
      [
        saidOf([rule('a.example:443', 'deny'), rule('a.example:443', 'allow')], 'a.example', 443),
        saidOf([rule('a.example:443', 'allow')], 'a.example', 80),
        saidOf([rule('[::2]:80', 'deny')], '::2', 80),
      ],
      ['allow', null, 'deny'],
    );
  });
});
