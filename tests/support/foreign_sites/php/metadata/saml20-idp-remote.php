<?php

// The provider as SimpleSAMLphp's own metarefresh wrote it down after it had verified the signed metadata.
$site = json_decode(file_get_contents(getenv('FOREIGN_SITE')), true);

require $site['folder'] . '/published/saml20-idp-remote.php';

foreach (array_keys($metadata) as $entityId) {
    // SimpleSAMLphp prefers redirects; a site that would rather post leaves the provider no other address.
    $metadata[$entityId]['SingleSignOnService'] = array_values(array_filter(
        $metadata[$entityId]['SingleSignOnService'],
        fn (array $endpoint): bool => in_array($endpoint['Binding'], $site['request_bindings'], true)
    ));
    // On the back channel it trusts the TLS of the keys in the metadata and of no authority; sites add that by hand.
    foreach ($site['back_channel_authorities'] as $certificate) {
        $metadata[$entityId]['keys'][] = ['type' => 'X509Certificate', 'signing' => true, 'X509Certificate' => $certificate];
    }
}
